import LibP2PCore
import LibP2PIdentity
import LibP2PTesting
import NIOCore
import NIOEmbedded

/// Two channels in memory whose bytes are carried by hand, in pieces of any size.
final class ChannelPair {
    let dialer = EmbeddedChannel()
    let listener = EmbeddedChannel()
    private var generator: SeededGenerator
    private let largestPiece: Int
    private(set) var errors: [any Error] = []

    /// - Parameter largestPiece: the most bytes that arrive at once.
    init(seed: UInt64 = 1, largestPiece: Int = 64) throws {
        generator = SeededGenerator(seed: seed)
        self.largestPiece = largestPiece
        for channel in [dialer, listener] {
            try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        }
    }

    /// Carries bytes both ways until there are none.
    ///
    /// - Parameter limit: how many bytes of the dialer's arrive; the others are lost.
    func pump(limit: Int = .max) throws {
        var allowance = limit
        while true {
            let forth = try takeOutput(of: dialer)
            deliver(Array(forth.prefix(allowance)), to: listener)
            allowance -= min(allowance, forth.count)
            let back = try takeOutput(of: listener)
            deliver(back, to: dialer)
            if forth.isEmpty && back.isEmpty { return }
        }
    }

    /// Puts bytes into a channel as if they had come from the other side; what goes wrong is kept in `errors`.
    func deliver(_ bytes: [UInt8], to channel: EmbeddedChannel) {
        var rest = ByteBuffer(bytes: bytes)
        while rest.readableBytes > 0, channel.isActive {
            let length = min(rest.readableBytes, Int.random(in: 1...largestPiece, using: &generator))
            guard let piece = rest.readSlice(length: length) else { break }
            do { try channel.writeInbound(piece) } catch { errors.append(error) }
        }
        channel.embeddedEventLoop.run()
    }

    /// Everything a channel has to send.
    func takeOutput(of channel: EmbeddedChannel) throws -> [UInt8] {
        channel.embeddedEventLoop.run()
        var bytes: [UInt8] = []
        while let buffer = try channel.readOutbound(as: ByteBuffer.self) { bytes += buffer.readableBytesView }
        return bytes
    }

    /// Everything that came up through a channel's pipeline.
    func takeInput(of channel: EmbeddedChannel) throws -> [UInt8] {
        var bytes: [UInt8] = []
        while let buffer = try channel.readInbound(as: ByteBuffer.self) { bytes += buffer.readableBytesView }
        return bytes
    }
}

/// What became of a future, for looking at it without waiting.
final class Outcome<Value: Sendable> {
    private(set) var value: Value?
    private(set) var error: (any Error)?

    init(_ future: EventLoopFuture<Value>) {
        future.assumeIsolated().whenComplete { result in
            switch result {
            case .success(let value): self.value = value
            case .failure(let error): self.error = error
            }
        }
    }

}
