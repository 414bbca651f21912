import NIOCore

/// Waits for a channel to become active, and hands it over then.
///
/// It swallows the event: those who take the channel over see one that is active, and no `channelActive` to come. The
/// channel does not read before they have put their handlers in place.
final class ActivationHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer

    private var takeOver: ((any Channel) -> Void)?

    init(_ takeOver: @escaping (any Channel) -> Void) { self.takeOver = takeOver }

    /// Puts the handler into a channel that is not active yet. Called on the channel's loop.
    static func install(on channel: any Channel, _ takeOver: @escaping (any Channel) -> Void) throws {
        try channel.syncOptions?.setOption(.autoRead, value: false)
        try channel.pipeline.syncOperations.addHandler(ActivationHandler(takeOver))
    }

    func channelActive(context: ChannelHandlerContext) {
        guard let takeOver else { return }
        self.takeOver = nil
        let channel = context.channel
        context.pipeline.syncOperations.removeHandler(context: context, promise: nil)
        takeOver(channel)
        try? channel.syncOptions?.setOption(.autoRead, value: true)
    }
}
