import LibP2PCore
import NIOCore

/// The streams of a connection within the process: their bytes go as they are from one end to the other.
///
/// It behaves as a muxer on a socket does: each stream has a window, what one tick has set off goes as one parcel, and
/// the other side learns of nothing before the parcel arrives.
final class MemoryMuxer: StreamMuxer, LoopFlushing {
    /// Bytes that may be under way or unread on a stream, in each direction.
    static let window = 256 * 1024
    /// Streams that the other side may have open.
    static let inboundLimit = 4096
    /// Streams that this side may have open.
    static let outboundLimit = 4096

    private final class Lane {
        let stream: Stream
        var credit = MemoryMuxer.window
        var ungranted = 0
        var isDirty = false
        var hasSentEnd = false
        var hasReceivedEnd = false

        init(_ stream: Stream) { self.stream = stream }
    }

    private let link: MemoryLink
    private let role: HandshakeRole
    private let executor: LoopExecutor
    private var connection: Connection?
    private var lanes: [UInt64: Lane] = [:]
    private var outboundCount = 0
    private var nextID: UInt64
    private var dirty: [Lane] = []
    private var outgoing: [MemoryFrame] = []
    private var isFlushScheduled = false
    private var lastArrival = NIODeadline.uptimeNanoseconds(0)
    /// What came before the connection started.
    private var early: [MemoryFrame] = []
    private var end: NetworkError?

    /// Called on the loop of its end of the link.
    init(_ link: MemoryLink, role: HandshakeRole) {
        self.link = link
        self.role = role
        executor = link.place(role).executor
        nextID = role == .dialer ? 1 : 2
        link.attach(self, at: role)
    }

    // MARK: From the connection

    func start(for connection: Connection) {
        if let end {
            // Not from within: the owner is still about to note the connection.
            return executor.loop.execute { connection.muxerClosed(end) }
        }
        self.connection = connection
        let frames = early
        early = []
        receive(frames)
    }

    func openStream() throws -> Stream {
        guard let connection, end == nil else {
            throw end ?? NetworkError(.misuse, "The connection has not started.")
        }
        guard outboundCount < Self.outboundLimit else {
            throw NetworkError(.refused, "\(outboundCount) streams to \(connection.remotePeer) are open already.")
        }
        let id = nextID
        nextID += 2
        let stream = Stream(id: id, direction: .outbound, connection: connection, muxer: self)
        lanes[id] = Lane(stream)
        outboundCount += 1
        enqueue(.open(id))
        return stream
    }

    func outputReady(_ stream: Stream) {
        guard let lane = lane(of: stream) else { return }
        mark(lane)
    }

    func inputConsumed(_ stream: Stream, byteCount: Int) {
        guard let lane = lane(of: stream), !lane.hasReceivedEnd else { return }
        lane.ungranted += byteCount
        if lane.ungranted >= Self.window / 2 {
            enqueue(.window(stream.id, lane.ungranted))
            lane.ungranted = 0
        }
    }

    func reset(_ stream: Stream, code: UInt32) {
        guard let lane = lane(of: stream) else { return }
        enqueue(.reset(stream.id))
        release(lane)
    }

    func close(_ reason: CloseReason) {
        guard end == nil else { return }
        collectOutput()
        outgoing.append(.close)
        sendOutgoing()
        fail(NetworkError(.closed, "The connection was closed by this node."))
    }

    /// Ends the connection on this side.
    func fail(_ error: NetworkError) {
        guard end == nil else { return }
        end = error
        link.detach(role)
        let open = lanes.sorted { $0.key < $1.key }.map(\.value)
        lanes = [:]
        dirty = []
        early = []
        for lane in open { lane.stream.receiveFailure(error) }
        let connection = connection
        self.connection = nil
        connection?.muxerClosed(error)
    }

    // MARK: From the other side

    func receive(_ frames: [MemoryFrame]) {
        guard connection != nil || end != nil else { return early.append(contentsOf: frames) }
        for frame in frames { receive(frame) }
    }

    private func receive(_ frame: MemoryFrame) {
        guard end == nil, let connection else { return }
        switch frame {
        case .open(let id):
            guard lanes.count - outboundCount < Self.inboundLimit, lanes[id] == nil else {
                return enqueue(.reset(id))
            }
            let stream = Stream(id: id, direction: .inbound, connection: connection, muxer: self)
            lanes[id] = Lane(stream)
            connection.muxerAccepted(stream)
        case .data(let id, let bytes):
            lanes[id]?.stream.receive(bytes)
        case .end(let id):
            guard let lane = lanes[id] else { return }
            lane.hasReceivedEnd = true
            lane.stream.receiveEnd()
            releaseIfDone(lane)
        case .reset(let id):
            guard let lane = lanes[id] else { return }
            lane.stream.receiveFailure(NetworkError(.reset, "The peer reset the stream."))
            release(lane)
        case .window(let id, let byteCount):
            guard let lane = lanes[id] else { return }
            lane.credit += byteCount
            mark(lane)
        case .close:
            fail(NetworkError(.closed, "The peer closed the connection."))
        }
    }

    // MARK: Output

    private func mark(_ lane: Lane) {
        guard !lane.isDirty else { return }
        lane.isDirty = true
        dirty.append(lane)
        scheduleFlush()
    }

    private func enqueue(_ frame: MemoryFrame) {
        outgoing.append(frame)
        scheduleFlush()
    }

    private func scheduleFlush() {
        guard !isFlushScheduled else { return }
        isFlushScheduled = true
        executor.flushSoon(self)
    }

    func flushNow() {
        isFlushScheduled = false
        collectOutput()
        sendOutgoing()
    }

    private func collectOutput() {
        let lanes = dirty
        dirty = []
        for lane in lanes {
            lane.isDirty = false
            while lane.credit > 0, let bytes = lane.stream.takeOutput(upTo: lane.credit) {
                lane.credit -= bytes.readableBytes
                outgoing.append(.data(lane.stream.id, bytes))
            }
            if lane.stream.isOutputComplete, !lane.hasSentEnd, self.lane(of: lane.stream) != nil {
                lane.hasSentEnd = true
                outgoing.append(.end(lane.stream.id))
                releaseIfDone(lane)
            }
        }
    }

    private func sendOutgoing() {
        guard !outgoing.isEmpty else { return }
        let frames = outgoing
        outgoing = []
        link.deliver(frames, from: role, notBefore: &lastArrival)
    }

    // MARK: Lanes

    private func lane(of stream: Stream) -> Lane? {
        guard let lane = lanes[stream.id], lane.stream === stream else { return nil }
        return lane
    }

    private func releaseIfDone(_ lane: Lane) {
        if lane.hasSentEnd, lane.hasReceivedEnd { release(lane) }
    }

    private func release(_ lane: Lane) {
        lanes[lane.stream.id] = nil
        if lane.stream.direction == .outbound { outboundCount -= 1 }
        connection?.muxerReleased(lane.stream)
    }
}
