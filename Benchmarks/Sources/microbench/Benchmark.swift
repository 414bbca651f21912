import LibP2PCore
import NIOCore

/// Something to be measured.
struct Benchmark: Sendable {
    /// What it is called on the command line.
    let name: String
    /// How many units one run does.
    let count: Int
    /// Does so many units from the dialer's end.
    let body: @Sendable (Connection, Int) async throws -> Void
    /// Says what the time of one unit means.
    let figure: @Sendable (Duration) -> String

    private static let block = ByteBuffer(repeating: 7, count: 32)

    /// 32 bytes to and fro on one stream, one after the other: latency through two handlers, twice through the muxer.
    static let echo = Benchmark(
        name: "echo", count: 200_000,
        body: { connection, count in try await echo(on: connection, rounds: count) },
        figure: { "\($0.nanosecondsText) ns per 32-byte echo on one stream" })

    /// The same on 16 streams at once, so that a tick carries several.
    static let parallelEcho = Benchmark(
        name: "parallel-echo", count: 320_000,
        body: { connection, count in
            try await withThrowingTaskGroup { group in
                for _ in 0..<16 { group.addTask { try await echo(on: connection, rounds: count / 16) } }
                try await group.waitForAll()
            }
        },
        figure: { "\($0.nanosecondsText) ns per 32-byte echo on 16 streams" })

    /// A stream of 64 KiB writes, read as it comes.
    static let throughput = Benchmark(
        name: "throughput", count: 2048,
        body: { connection, count in
            let megabyteSixteenth = ByteBuffer(repeating: 7, count: 64 * 1024)
            try await connection.withStream([Sink.protocolID]) { stream in
                for _ in 0..<count * 16 { try await stream.write(megabyteSixteenth) }
                stream.closeWrite()
                _ = try await stream.read(exactly: 1)
            }
        },
        figure: { "\(Int(1 / $0.inSeconds)) MiB/s through one stream" })

    /// Streams one after the other, each negotiated, used for one echo, and closed.
    static let negotiation = Benchmark(
        name: "negotiation", count: 20_000,
        body: { connection, count in
            for _ in 0..<count { try await echo(on: connection, rounds: 1) }
        },
        figure: { "\(Int(1 / $0.inSeconds)) streams/s negotiated, used once and closed, one after the other" })

    /// The same with 16 at a time.
    static let streams = Benchmark(
        name: "streams", count: 40_000,
        body: { connection, count in
            try await withThrowingTaskGroup { group in
                for _ in 0..<16 {
                    group.addTask { for _ in 0..<count / 16 { try await echo(on: connection, rounds: 1) } }
                }
                try await group.waitForAll()
            }
        },
        figure: { "\(Int(1 / $0.inSeconds)) streams/s negotiated, used once and closed, 16 at a time" })

    private static func echo(on connection: Connection, rounds: Int) async throws {
        try await connection.withStream([Echo.protocolID]) { stream in
            for _ in 0..<rounds {
                try await stream.write(block)
                _ = try await stream.read(exactly: 32)
            }
        }
    }
}

extension Duration {
    var inSeconds: Double {
        Double(components.seconds) + Double(components.attoseconds) / 1e18
    }

    var nanosecondsText: String { "\(Int(inSeconds * 1e9))" }
}
