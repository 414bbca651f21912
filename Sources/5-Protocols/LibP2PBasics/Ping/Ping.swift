public import LibP2PCore
import NIOCore

/// Measures round trips to a peer.
///
/// Spec: libp2p/specs ping.
public enum Ping {
    /// The protocol's id.
    public static let protocolID: ProtocolID = "/ipfs/ping/1.0.0"

    /// How many bytes go back and forth.
    public static let blockLength = 32

    /// Measures one round trip on a stream of its own.
    ///
    /// - Parameters:
    ///   - random: makes the bytes that must come back.
    ///   - timeout: how long the answer may take.
    /// - Throws: `NetworkError`: `.timeout`, `.malformed` when other bytes come back, or why the stream fails.
    public static func roundTrip(
        on connection: Connection, random: RandomSource, timeout: Duration = .seconds(10)
    ) async throws -> Duration {
        let block = random.bytes(blockLength)
        return try await connection.withStream([protocolID], timeout: timeout, allowsLimited: true) { stream in
            try await echo(block, on: stream)
        }
    }

    /// Measures several round trips on one stream.
    ///
    /// - Parameters:
    ///   - count: how many; nil to go on until an error or until the task is cancelled.
    ///   - interval: the pause after each.
    ///   - timeout: how long each answer may take.
    ///   - report: is told each round trip.
    /// - Throws: as ``roundTrip(on:random:timeout:)``.
    public static func roundTrips(
        _ count: Int?, every interval: Duration, on connection: Connection, random: RandomSource,
        timeout: Duration = .seconds(10), report: @escaping @Sendable (Duration) -> Void
    ) async throws {
        try await connection.withStream([protocolID], allowsLimited: true) { stream in
            var rounds = 0
            while count.map({ rounds < $0 }) ?? true {
                if rounds > 0 { try await connection.executor.sleep(for: interval) }
                let bound = NIOLoopBound(stream, eventLoop: connection.executor.loop)
                let timer = connection.executor.schedule(after: timeout) {
                    bound.value.reset(NetworkError(.timeout, "No answer to a ping within \(timeout)."))
                }
                defer { timer.cancel() }
                report(try await echo(random.bytes(blockLength), on: stream))
                rounds += 1
            }
        }
    }

    private static func echo(_ block: [UInt8], on stream: Stream) async throws -> Duration {
        let executor = stream.connection.executor
        let start = executor.now
        try await stream.write(block)
        guard let answer = try await stream.read(exactly: blockLength) else {
            throw NetworkError(.closed, "The peer closed the stream instead of answering a ping.")
        }
        guard answer.readableBytesView.elementsEqual(block) else {
            throw NetworkError(.malformed, "The answer to a ping holds other bytes.")
        }
        return .nanoseconds((executor.now - start).nanoseconds)
    }
}
