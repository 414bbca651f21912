import NIOCore

/// The end of a secured channel's pipeline that speaks mplex.
final class MplexHandler: MuxerState, MuxerShell {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = Never
    typealias OutboundOut = ByteBuffer

    var session: MplexSession

    init(_ session: MplexSession, timing: MuxerTiming) {
        self.session = session
        super.init(timing: timing)
    }
}
