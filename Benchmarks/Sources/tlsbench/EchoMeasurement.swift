import LibP2PCore
import LibP2PHost
import LibP2PIdentity
import LibP2PMuxers
import LibP2PSecurity
import Measuring
import Multiformats
import NIOCore
import NIOPosix

extension TLSBench {
    /// Round trips and bytes there and back by WebSocket, through the front door over TLS and through the plain one.
    static func measureEcho(folder: String, rounds: Int) async throws {
        let certificate = try KeyKind.ecdsa.certificate(in: folder)
        let node = try EchoNode.start(certificate, folder: folder)
        defer { node.process.stop() }
        let client = try EchoClient(trusting: certificate.chain)
        _ = try await client.measure(node.secure, node.process, pings: 2_000, mebibytes: 16)
        _ = try await client.measure(node.plain, node.process, pings: 2_000, mebibytes: 16)
        var (secure, plain) = ([EchoFigures](), [EchoFigures]())
        for _ in 0..<rounds {
            secure.append(try await client.measure(node.secure, node.process, pings: 10_000, mebibytes: 128))
            plain.append(try await client.measure(node.plain, node.process, pings: 10_000, mebibytes: 128))
        }
        title("libp2p over WebSocket", "TLS", "plain")
        row("ping p50", "µs", secure.map(\.ping.p50), plain.map(\.ping.p50), digits: 1)
        row("processor for each ping", "µs", secure.map(\.perPing), plain.map(\.perPing), digits: 1)
        row("time for an echoed MiB", "ms", secure.map(\.timePerMebibyte), plain.map(\.timePerMebibyte), digits: 2)
        row("processor for an echoed MiB", "ms", secure.map(\.perMebibyte), plain.map(\.perMebibyte), digits: 2)
        row("echoed", "MiB/s", secure.map { 1000 / $0.timePerMebibyte }, plain.map { 1000 / $0.timePerMebibyte })
    }
}

/// What was measured of one connection: times of the client in microseconds and milliseconds, the server's processor.
struct EchoFigures {
    var ping = Percentiles([])
    var perPing = 0.0
    var timePerMebibyte = 0.0
    var perMebibyte = 0.0
}

/// A peer that dials the front door.
private struct EchoClient {
    private let host: Host

    init(trusting file: String) throws {
        let identity = try PrivateKey.generate()
        var configuration = HostConfiguration()
        configuration.allowsPrivateAddresses = true
        configuration.limits.onPrivateAddresses = []
        host = Host(
            identity: identity, loops: LoopGroup(MultiThreadedEventLoopGroup(numberOfThreads: 1)),
            transports: [try BrowserTransport(trusting: file)], securities: [try Noise(identity: identity)],
            muxers: [Yamux()], configuration: configuration)
    }

    func measure(
        _ address: Multiaddr, _ server: MeasuredProcess, pings: Int, mebibytes: Int
    ) async throws -> EchoFigures {
        let connection = try await host.dial(address, expecting: address.peerID)
        var figures = EchoFigures()
        var processor = server.processorTime
        figures.ping = Percentiles(try await ping(connection, count: pings))
        figures.perPing = (server.processorTime - processor) / Double(pings)
        processor = server.processorTime
        let start = microseconds()
        try await echo(connection, mebibytes: mebibytes)
        figures.timePerMebibyte = (microseconds() - start) / Double(mebibytes) / 1000
        figures.perMebibyte = (server.processorTime - processor) / Double(mebibytes) / 1000
        await connection.close()
        return figures
    }

    /// One at a time.
    private func ping(_ connection: Connection, count: Int) async throws -> [Double] {
        try await connection.withStream(["/ipfs/ping/1.0.0"]) { stream in
            let block = ByteBuffer(repeating: 7, count: 32)
            var times: [Double] = []
            for _ in 0..<count {
                let start = microseconds()
                try await stream.write(block)
                guard try await stream.read(exactly: 32) == block else {
                    throw BenchmarkError("The ping came back changed.")
                }
                times.append(microseconds() - start)
            }
            return times
        }
    }

    /// Three chunks are under way at any time: less than a window, so that neither side waits for the other to read.
    private func echo(_ connection: Connection, mebibytes: Int) async throws {
        try await connection.withStream([EchoNode.protocolID]) { stream in
            let chunk = ByteBuffer(repeating: 7, count: 1 << 16)
            let ahead = 3
            for index in 0..<mebibytes * 16 + ahead {
                if index < mebibytes * 16 { try await stream.write(chunk) }
                guard index >= ahead else { continue }
                guard try await stream.read(exactly: 1 << 16) != nil else { throw BenchmarkError("No echo.") }
            }
        }
    }
}
