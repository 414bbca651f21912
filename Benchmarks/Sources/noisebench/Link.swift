import LibP2PCore
import NIOCore
import NIOEmbedded

/// Two ends of a connection in memory, secured.
struct Link {
    private let dialer = EmbeddedChannel()
    private let listener = EmbeddedChannel()
    private(set) var isSecured = false

    init(
        _ dialing: any SecurityProtocol, _ listening: any SecurityProtocol, _ dialed: inout ProcessorTime,
        _ accepted: inout ProcessorTime, muxers: [ProtocolID]
    ) throws {
        let address = try SocketAddress(ipAddress: "127.0.0.1", port: 1)
        for channel in [dialer, listener] { try channel.connect(to: address).wait() }
        let left = dialed.measure { dialing.secure(dialer, role: .dialer, expecting: nil, muxers: muxers) }
        let right = accepted.measure { listening.secure(listener, role: .listener, expecting: nil, muxers: muxers) }
        var isMoving = true
        while isMoving {
            let forth = try Self.carry(from: dialer, to: listener, &dialed, &accepted)
            let back = try Self.carry(from: listener, to: dialer, &accepted, &dialed)
            isMoving = forth || back
        }
        let ends = Ends()
        left.assumeIsolated().whenSuccess { _ in ends.secured += 1 }
        right.assumeIsolated().whenSuccess { _ in ends.secured += 1 }
        isSecured = ends.secured == 2
    }

    private final class Ends {
        var secured = 0
    }

    /// Sends a payload from the dialer to the listener.
    func send(_ payload: ByteBuffer, _ sealing: inout ProcessorTime, _ opening: inout ProcessorTime) throws {
        sealing.measure { dialer.writeAndFlush(payload, promise: nil) }
        _ = try Self.carry(from: dialer, to: listener, &sealing, &opening)
        while try listener.readInbound(as: ByteBuffer.self) != nil {}
    }

    private static func carry(
        from source: EmbeddedChannel, to target: EmbeddedChannel, _ sending: inout ProcessorTime,
        _ receiving: inout ProcessorTime
    ) throws -> Bool {
        sending.measure { source.embeddedEventLoop.run() }
        var hasMoved = false
        while let bytes = try source.readOutbound(as: ByteBuffer.self) {
            try receiving.measure { _ = try target.writeInbound(bytes) }
            hasMoved = true
        }
        receiving.measure { target.embeddedEventLoop.run() }
        return hasMoved
    }
}
