import NIOCore

/// Keeps a listening socket alive when the machine runs out of file descriptors or memory: it stops accepting for a
/// moment, instead of trying again at once and for ever, while connections wait in the kernel's queue.
final class AcceptGuard: ChannelInboundHandler {
    typealias InboundIn = any Channel

    /// The moment. Long enough to cost nothing, short enough for a newcomer's patience.
    static let pause = TimeAmount.milliseconds(200)

    private var isPaused = false

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // Everything else concerns a single connection, which is closed already.
        guard let error = error as? IOError, error.isShortage, !isPaused else { return }
        isPaused = true
        let channel = context.channel
        try? channel.syncOptions?.setOption(.autoRead, value: false)
        context.eventLoop.assumeIsolated().scheduleTask(in: Self.pause) {
            self.isPaused = false
            try? channel.syncOptions?.setOption(.autoRead, value: true)
        }
    }
}
