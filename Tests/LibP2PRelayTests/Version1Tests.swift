import LibP2PCore
import LibP2PHost
import LibP2PIdentity
import LibP2PTesting
import Multiformats
import NIOCore
import Testing

@testable import LibP2PRelay

/// A client of version 1, written from the table of codes, in both of its roles.
struct Version1Tests {
    private func ask(_ client: Client, _ message: CircuitMessage) throws -> CircuitStatus? {
        try ask(client, framed(message))
    }

    private func ask(_ client: Client, _ bytes: [UInt8]) throws -> CircuitStatus? {
        let answer = try client.simulation.perform {
            try await client.connection.withStream([RelayProtocols.version1]) { stream in
                try await stream.write(bytes)
                let answer = try await stream.message(CircuitMessage.self, max: 4096)
                return answer
            }
        }
        #expect(answer?.kind == .status)
        return answer?.status
    }

    private func serve(
        _ client: Client, answer: CircuitStatus?, _ calls: Box<[CircuitMessage]> = Box([]),
        _ body: @escaping @Sendable (Stream) async throws -> Void = { _ in }
    ) {
        client.host.serve(
            TestNode.Handler(RelayProtocols.version1, limits: StreamLimits(idle: nil)) { stream in
                guard let call = try await stream.message(CircuitMessage.self, max: 4096) else { return }
                calls.change { $0.append(call) }
                guard let answer else { throw NetworkError(.reset, "no answer") }
                try await stream.write(message: CircuitMessage.status(answer))
                if answer == .success { try await body(stream) }
            })
    }

    @Test func tellsThatItRelays() throws {
        try Laboratory.run { laboratory in
            let client = try laboratory.client(at: "9.9.9.1")
            #expect(try ask(client, .canHop) == .success)
        }
    }

    @Test func hopsWithoutAReservation() throws {
        try Laboratory.run { laboratory in
            let target = try laboratory.client(at: "9.9.9.1")
            let source = try laboratory.client(at: "9.9.9.2")
            let calls = Box<[CircuitMessage]>([])
            serve(target, answer: .success, calls) { stream in
                while let bytes = try await stream.read() { try await stream.write(bytes) }
            }
            // Addresses that this node can't even read come out as they went in.
            var from = RelayedPeer(source.peer, addresses: [try Multiaddr("/ip4/9.9.9.2/tcp/4001")])
            from.addresses.append([0xde, 0xad, 0xbe, 0xef])
            let to = RelayedPeer(id: target.peer.bytes, addresses: [[0xff], try Multiaddr("/ip4/1.2.3.4/tcp/5").bytes])
            let request = framed(CircuitMessage.hop(from: from, to: to))
            let result = try laboratory.simulation.perform {
                try await source.connection.withStream([RelayProtocols.version1]) { stream in
                    // The first bytes for the target come together with the request.
                    try await stream.write(request + Array("early".utf8))
                    let answer = try await stream.message(CircuitMessage.self, max: 4096)
                    try await stream.write(Array(" bird".utf8))
                    stream.closeWrite()
                    let echo = try await stream.read(exactly: 10)
                    return (answer, echo, try await stream.read())
                }
            }
            #expect(result.0 == .status(.success))
            #expect(result.1 == ByteBuffer(string: "early bird"))
            #expect(result.2 == nil)
            #expect(calls.value == [CircuitMessage(kind: .stop, source: from, destination: to)])
            #expect(laboratory.server.snapshot().peers.map(\.circuitsAsSource).reduce(0, +) == 1)
        }
    }

    @Test func refusesByTheCodesOfTheTable() throws {
        try Laboratory.run { laboratory in
            let target = try laboratory.client(at: "9.9.9.1")
            let source = try laboratory.client(at: "9.9.9.2")
            let from = RelayedPeer(source.peer)
            let to = RelayedPeer(target.peer)
            let long = RelayedPeer(id: source.peer.bytes, addresses: [[UInt8](repeating: 1, count: 1025)])
            let longTarget = RelayedPeer(id: target.peer.bytes, addresses: long.addresses)
            #expect(try ask(source, .hop(from: long, to: to)) == CircuitStatus(rawValue: 220))
            #expect(try ask(source, .hop(from: from, to: longTarget)) == CircuitStatus(rawValue: 221))
            #expect(try ask(source, .hop(from: to, to: to)) == CircuitStatus(rawValue: 250))
            #expect(try ask(source, .hop(from: RelayedPeer(id: nil), to: to)) == CircuitStatus(rawValue: 250))
            #expect(try ask(source, CircuitMessage(kind: .hop)) == CircuitStatus(rawValue: 250))
            #expect(try ask(source, .hop(from: from, to: RelayedPeer(id: [9]))) == CircuitStatus(rawValue: 251))
            #expect(try ask(source, CircuitMessage(kind: .hop, source: from)) == CircuitStatus(rawValue: 251))
            let stranger = RelayedPeer(try peer(200))
            #expect(try ask(source, .hop(from: from, to: stranger)) == CircuitStatus(rawValue: 260))
            // Connected, but without the protocol.
            #expect(try ask(source, .hop(from: from, to: to)) == CircuitStatus(rawValue: 261))
            serve(target, answer: nil)
            #expect(try ask(source, .hop(from: from, to: to)) == CircuitStatus(rawValue: 262))
            serve(target, answer: .stopRefused)
            #expect(try ask(source, .hop(from: from, to: to)) == CircuitStatus(rawValue: 390))
            let relay = RelayedPeer(laboratory.host.localPeer)
            #expect(try ask(source, .hop(from: from, to: relay)) == CircuitStatus(rawValue: 280))
            #expect(try ask(source, CircuitMessage(kind: .stop, source: from)) == CircuitStatus(rawValue: 390))
            #expect(try ask(source, .status(.success)) == CircuitStatus(rawValue: 400))
            #expect(try ask(source, CircuitMessage()) == CircuitStatus(rawValue: 400))
            #expect(try ask(source, [0x02, 0xff, 0xff]) == CircuitStatus(rawValue: 400))
            laboratory.server.access.deniedTargets = [target.peer]
            #expect(try ask(source, .hop(from: from, to: to)) == CircuitStatus(rawValue: 270))
            #expect(laboratory.server.counters[.sourceMismatch] == 3)
            #expect(laboratory.server.counters[.notConnected] == 1)
        }
    }

    @Test func hasLimitsOfItsOwn() throws {
        var limits = RelayLimits()
        limits.circuitsPerPeer = 1
        limits.version1Circuit = CircuitBounds(duration: .seconds(10), bytes: 10)
        try Laboratory.run(limits) { laboratory in
            let target = try laboratory.client(at: "9.9.9.1")
            let source = try laboratory.client(at: "9.9.9.2")
            let other = try laboratory.client(at: "9.9.9.3")
            let received = Box(0)
            serve(target, answer: .success) { stream in
                while let bytes = try await stream.read() { received.change { $0 += bytes.readableBytes } }
            }
            let request = CircuitMessage.hop(from: RelayedPeer(source.peer), to: RelayedPeer(target.peer))
            let outcome = laboratory.simulation.begin {
                try await source.connection.withStream([RelayProtocols.version1]) { stream in
                    try await stream.write(message: request)
                    _ = try await stream.message(CircuitMessage.self, max: 4096)
                    try await stream.write([UInt8](repeating: 1, count: 10))
                    _ = try await stream.read()
                }
            }
            laboratory.simulation.loop.advance(by: .seconds(5))
            #expect(laboratory.server.circuitCount == 1)
            let second = CircuitMessage.hop(from: RelayedPeer(other.peer), to: RelayedPeer(target.peer))
            #expect(try ask(other, second) == .hopCannotRelay)
            laboratory.simulation.loop.advance(by: .seconds(7))
            #expect(throws: NetworkError(.reset, "")) { try outcome.get() }
            #expect(received.value == 10)
            #expect(laboratory.server.counters[.durationLimit] == 1)
        }
    }
}
