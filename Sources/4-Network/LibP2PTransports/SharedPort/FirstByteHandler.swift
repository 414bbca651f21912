import LibP2PCore
import NIOCore

/// Waits for a connection's first byte, gives the connection to whom it belongs, and leaves the pipeline.
final class FirstByteHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private let place: SilentConnections.Place
    private let patience: Duration
    private let taker: (FirstByte) -> ((any Channel) throws -> Void)?
    private var deadline: Scheduled<Void>?

    init(
        place: SilentConnections.Place, patience: Duration,
        taker: @escaping (FirstByte) -> ((any Channel) throws -> Void)?
    ) {
        self.place = place
        self.patience = patience
        self.taker = taker
    }

    func handlerAdded(context: ChannelHandlerContext) {
        let channel = context.channel
        deadline = context.eventLoop.scheduleTask(in: TimeAmount(patience)) { [place] in
            place.leave(as: .timedOut)
            channel.close(promise: nil)
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard let byte = unwrapInboundIn(data).readableBytesView.first, deadline != nil else { return }
        let first = FirstByte(byte)
        end(as: .began(first))
        do {
            guard let take = taker(first) else { return context.close(promise: nil) }
            try take(context.channel)
        } catch {
            return context.close(promise: nil)
        }
        context.fireChannelRead(data)
        context.pipeline.syncOperations.removeHandler(context: context, promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        end(as: .hungUp)
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) { end(as: .hungUp) }

    private func end(as outcome: SilentConnections.Outcome) {
        deadline?.cancel()
        deadline = nil
        // Calling it again does nothing.
        place.leave(as: outcome)
    }
}
