import LibP2PCore
import NIOCore

/// The protocols that the scenarios speak, each under its own id.
struct ScenarioHandler: StreamHandler {
    let protocols: [ProtocolID]
    let limits = StreamLimits(idle: nil)
    private let body: @Sendable (Stream) async throws -> Void

    private init(_ protocolID: ProtocolID, _ body: @escaping @Sendable (Stream) async throws -> Void) {
        protocols = [protocolID]
        self.body = body
    }

    func handle(_ stream: Stream) async throws { try await body(stream) }

    /// Sends back what comes.
    static let echo: ProtocolID = "/test/echo"
    /// Reads to the end, then sends the count as eight bytes.
    static let count: ProtocolID = "/test/count"
    /// As `count`, but takes a millisecond before each read.
    static let slowCount: ProtocolID = "/test/slow-count"
    /// Reads eight bytes as a number, then sends so many bytes of the pattern.
    static let source: ProtocolID = "/test/source"
    /// Sends a greeting and ends its direction at once, then reads to the end.
    static let greeting: ProtocolID = "/test/greeting"
    /// Reads one byte, then fails.
    static let failing: ProtocolID = "/test/failing"
    /// Reads one byte, answers it, then never reads again until the stream is cut off.
    static let stalled: ProtocolID = "/test/stalled"

    static let all: [any StreamHandler] = [
        ScenarioHandler(echo) { stream in
            while let bytes = try await stream.read() { try await stream.write(bytes) }
        },
        ScenarioHandler(count) { stream in
            try await stream.write(ByteBuffer(integer: try await readToEnd(stream)))
        },
        ScenarioHandler(slowCount) { stream in
            var total = 0
            while let bytes = try await stream.read() {
                total += try Pattern.check(bytes, at: total)
                try await stream.connection.executor.sleep(for: .milliseconds(1))
            }
            try await stream.write(ByteBuffer(integer: total))
        },
        ScenarioHandler(source) { stream in
            guard var request = try await stream.read(exactly: 8), let count = request.readInteger(as: Int.self) else {
                return
            }
            try await Pattern.write(count, to: stream)
        },
        ScenarioHandler(greeting) { stream in
            try await stream.write(ByteBuffer(string: "hello"))
            stream.closeWrite()
            _ = try await readToEnd(stream)
        },
        ScenarioHandler(failing) { stream in
            _ = try await stream.read(exactly: 1)
            throw ConformanceFailure("on purpose")
        },
        ScenarioHandler(stalled) { stream in
            if let byte = try await stream.read(exactly: 1) { try await stream.write(byte) }
            while case .open = stream.output { try await stream.connection.executor.sleep(for: .milliseconds(100)) }
        },
    ]

    private static func readToEnd(_ stream: Stream) async throws -> Int {
        var total = 0
        while let bytes = try await stream.read() { total += try Pattern.check(bytes, at: total) }
        return total
    }
}

/// Bytes that tell where they belong, so that a lost, doubled or swapped piece shows.
enum Pattern {
    /// The pattern repeats after so many bytes, a prime, so that no power of two hides a mistake.
    private static let period = 65_521

    /// The pattern, long enough to cut any piece out of it.
    private static let table = ByteBuffer(
        bytes: (0..<period * 24).map { UInt8(truncatingIfNeeded: ($0 % period) ^ (($0 % period) >> 7)) })

    /// The bytes of a range, which spans at most 23 periods.
    static func bytes(_ range: Range<Int>) -> ByteBuffer {
        table.getSlice(at: range.lowerBound % period, length: range.count) ?? ByteBuffer()
    }

    /// Checks bytes that begin at an offset.
    ///
    /// - Returns: how many they are.
    static func check(_ bytes: ByteBuffer, at offset: Int) throws -> Int {
        let count = bytes.readableBytes
        try ConformanceFailure.check(
            bytes == Self.bytes(offset..<offset + count), "wrong bytes between \(offset) and \(offset + count)")
        return count
    }

    /// Sends so many bytes in pieces of growing size.
    static func write(_ count: Int, to stream: Stream) async throws {
        var sent = 0
        var piece = 1
        while sent < count {
            let end = min(count, sent + piece)
            try await stream.write(bytes(sent..<end))
            sent = end
            piece = min(piece * 2, 300_000)
        }
    }
}
