import LibP2PCore
import NIOCore

/// What a muxer's shell keeps, whatever the session.
class MuxerState {
    final let timing: MuxerTiming
    final var context: ChannelHandlerContext?
    /// Set between `start(for:)` and the end.
    final var connection: Connection?
    final var places = StreamPlaces()

    /// What has been gathered for the next write.
    final var gathered = ByteBuffer()
    final var isFlushScheduled = false
    /// Set once nothing more is to be written or told.
    final var hasEnded = false
    final var isReadPending = false

    final var keepAliveTimer: Scheduled<Void>?
    final var writeTimer: Scheduled<Void>?
    final var congestionTimer: Scheduled<Void>?

    init(timing: MuxerTiming) { self.timing = timing }
}
