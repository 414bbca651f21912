import NIOCore
import NIOPosix
import Testing

/// A client that sends exact bytes and sees exact bytes, so that tests can misbehave.
struct RawClient: Sendable {
    private let channel: NIOAsyncChannel<ByteBuffer, ByteBuffer>

    static func connect(_ address: SocketAddress) async throws -> RawClient {
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .connect(to: address) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
        return RawClient(channel: channel)
    }

    /// Sends a text and bytes, then reads until `isComplete` or the end of the connection.
    func exchange(
        _ text: String, _ bytes: [UInt8] = [], until isComplete: @escaping @Sendable (String) -> Bool
    ) async throws -> String {
        try await exchanges([(Array(text.utf8) + bytes, isComplete)])[0]
    }

    /// Several texts, each after the answer to the one before is complete.
    func exchanges(_ steps: [(String, @Sendable (String) -> Bool)]) async throws -> [String] {
        try await exchanges(steps.map { (Array($0.0.utf8), $0.1) })
    }

    private func exchanges(_ steps: [([UInt8], @Sendable (String) -> Bool)]) async throws -> [String] {
        try await channel.executeThenClose { inbound, outbound in
            var answers = [""]
            try? await outbound.write(ByteBuffer(bytes: steps[0].0))
            do {
                for try await part in inbound {
                    answers[answers.count - 1] += String(buffer: part)
                    guard steps[answers.count - 1].1(answers[answers.count - 1]) else { continue }
                    guard answers.count < steps.count else { break }
                    try? await outbound.write(ByteBuffer(bytes: steps[answers.count].0))
                    answers.append("")
                }
            } catch is IOError {
                // A reset is an end like another for these tests.
            }
            return answers + Array(repeating: "", count: steps.count - answers.count)
        }
    }
}

/// Reads until the server closes.
@Sendable func untilClosed(_ text: String) -> Bool { false }

/// Reads until headers and as many bytes as they announce are there.
@Sendable func untilAnswered(_ text: String) -> Bool {
    guard let end = text.firstRange(of: "\r\n\r\n") else { return false }
    let length = text[..<end.lowerBound].lowercased().split(separator: "\r\n")
        .first { $0.hasPrefix("content-length:") }.flatMap { Int($0.dropFirst(15).drop { $0 == " " }) }
    return text[end.upperBound...].utf8.count >= length ?? 0
}
