import LibP2PCore
import LibP2PIdentity
import Measuring
import Multiformats
import NIOCore

/// What was measured at one relay.
struct RelayFigures {
    var processorPerMebibyte = 0.0
    var mebibytesPerSecond = 0.0
    var circuitsPerSecond = 0.0
    var processorPerCircuit = 0.0
    var direct = Percentiles([])
    var relayed = Percentiles([])
}

/// Bytes through one circuit, in one direction.
func measureRelayedBytes(_ server: Server, mebibytes: Int, into figures: inout RelayFigures) async throws {
    let (source, target) = try await relayPair(at: server)
    try await send(16, from: source, to: target)
    let (start, processor) = (microseconds(), server.processorTime)
    try await send(mebibytes, from: source, to: target)
    figures.processorPerMebibyte = (server.processorTime - processor) / Double(mebibytes)
    figures.mebibytesPerSecond = Double(mebibytes) / (microseconds() - start) * 1e6
    await leave(source, target)
}

/// Whether a circuit carries more than the 128 KiB that go-libp2p's daemon allows at times, whatever its flags say.
func carriesMuch(_ server: Server) async -> Bool {
    guard let (source, target) = try? await relayPair(at: server) else { return false }
    let isDone = (try? await send(1, from: source, to: target, timeout: .seconds(3))) != nil
    await leave(source, target)
    return isDone
}

private func send(
    _ mebibytes: Int, from source: RelayPeer, to target: RelayPeer, timeout: Duration? = nil
) async throws {
    let chunk = ByteBuffer(repeating: 7, count: 1 << 16)
    try await source.withCircuit(to: target.id, .sink, timeout: timeout) { stream in
        for _ in 0..<mebibytes * 16 { try await stream.write(chunk) }
        stream.closeWrite()
        // The target ends its direction when all has come.
        while try await stream.read() != nil {}
    }
}

/// Circuits that are opened, carry a few bytes there and back, and end.
func measureCircuits(_ server: Server, count: Int, workers: Int, into figures: inout RelayFigures) async throws {
    let (source, target) = try await relayPair(at: server)
    let hello = ByteBuffer(repeating: 7, count: 32)
    @Sendable func work(_ rounds: Int) async throws {
        for _ in 0..<rounds {
            try await source.withCircuit(to: target.id, .echo) { stream in
                try await stream.write(hello)
                guard try await stream.read(exactly: 32) == hello else { throw BenchmarkError("No echo.") }
                stream.closeWrite()
                while try await stream.read() != nil {}
            }
        }
    }
    func run(_ count: Int) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<workers { group.addTask { try await work(count / workers) } }
            try await group.waitForAll()
        }
    }
    try await run(count / 10)
    let (start, processor) = (microseconds(), server.processorTime)
    try await run(count)
    figures.circuitsPerSecond = Double(count) / (microseconds() - start) * 1e6
    figures.processorPerCircuit = (server.processorTime - processor) / Double(count)
    await leave(source, target)
}

/// Round trips of 32 bytes between two peers, directly and through the relay.
func measureRelayedPing(_ server: Server, count: Int, into figures: inout RelayFigures) async throws {
    let (source, target) = try await relayPair(at: server)
    @Sendable func trips(_ stream: LibP2PCore.Stream) async throws -> Percentiles {
        let block = ByteBuffer(repeating: 7, count: 32)
        var times: [Double] = []
        for _ in 0..<count {
            let start = microseconds()
            try await stream.write(block)
            guard try await stream.read(exactly: 32) == block else { throw BenchmarkError("No echo.") }
            times.append(microseconds() - start)
        }
        return Percentiles(Array(times.dropFirst(count / 10)))
    }
    figures.relayed = try await source.withCircuit(to: target.id, .echo, trips)
    let address = try await target.listen()
    let direct = try await source.client.connect(to: address)
    figures.direct = try await direct.withStream([EchoHandler.id], trips)
    await direct.close()
    await leave(source, target)
}

private func relayPair(at server: Server) async throws -> (source: RelayPeer, target: RelayPeer) {
    let target = try await RelayPeer(at: server.address)
    try await target.reserve()
    return (try await RelayPeer(at: server.address), target)
}

private func leave(_ peers: RelayPeer...) async {
    for peer in peers { await peer.connection.close() }
}

extension RelayPeer {
    /// Listens, for a direct connection.
    func listen() async throws -> Multiaddr {
        try await client.host.listen(on: Multiaddr("/ip4/127.0.0.1/tcp/0"))
        guard let address = client.host.listenAddresses.first else { throw BenchmarkError("No listener.") }
        return try address.withPeerID(id)
    }
}
