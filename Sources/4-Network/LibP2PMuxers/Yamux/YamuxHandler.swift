import NIOCore

/// The end of a secured channel's pipeline that speaks yamux.
final class YamuxHandler: MuxerState, MuxerShell {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = Never
    typealias OutboundOut = ByteBuffer

    var session: YamuxSession

    init(_ session: YamuxSession, timing: MuxerTiming) {
        self.session = session
        super.init(timing: timing)
    }
}
