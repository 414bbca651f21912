import NIOCore

/// The rules of one client's session: what packets and polls mean, on which transport it is, and when it is dead. A value
/// without sockets, timers and queues.
///
/// A session begins by polling or on a WebSocket. A polling one may move to a WebSocket once: the client opens one, probes it
/// (`2probe`, answered `3probe`; a poll that waits is answered with a noop, so that the client stops polling), and says `5`.
struct EngineSession {
    /// What carries the packets to the client.
    enum Transport {
        case polling, webSocket
    }

    /// How far the move to a WebSocket is.
    enum Probe {
        case none
        /// A WebSocket is open for it.
        case open
        /// The client's probe was answered.
        case answered
    }

    /// What a packet asks for.
    enum Reaction: Equatable {
        case nothing
        /// Something for the layer above.
        case message
        /// To be answered by a pong with the same payload.
        case pong
        /// The probe is to be answered, and a waiting poll released.
        case answerProbe
        /// The WebSocket is the transport now.
        case upgrade
        /// The WebSocket that was to become the transport is to be closed; the session polls on.
        case dropProbe
        case close(CloseReason)
    }

    /// What becomes of a poll.
    enum Poll: Equatable {
        /// It is answered with what is there.
        case answer
        /// It waits.
        case wait
        /// It is answered with a noop: the client is to stop polling.
        case release
        /// The session does not poll any more.
        case refuse
        /// Another poll waits: the session ends.
        case overlap
    }

    let revision: EngineRevision
    private(set) var transport: Transport
    private(set) var probe = Probe.none
    private(set) var isClosed = false
    private(set) var isPolled = false
    private(set) var heartbeat: Heartbeat

    init(_ revision: EngineRevision, _ transport: Transport, _ settings: EngineSettings, at now: NIODeadline) {
        self.revision = revision
        self.transport = transport
        heartbeat = Heartbeat(revision, settings, at: now)
    }

    // MARK: Packets

    /// A packet came over the session's transport.
    mutating func receive(_ packet: EnginePacket, at now: @autoclosure () -> NIODeadline) -> Reaction {
        guard !isClosed else { return .nothing }
        if revision == .three || packet.kind == .pong { heartbeat.heard(packet.kind, at: now()) }
        switch packet.kind {
        case .message: return .message
        case .close: return .close(.clientClosed)
        case .ping: return revision == .three ? .pong : .close(.malformed)
        case .pong: return revision == .four ? .nothing : .close(.malformed)
        case .open, .upgrade, .noop: return .nothing
        }
    }

    /// A packet came over the WebSocket that is to become the transport.
    mutating func receiveOnProbe(_ packet: EnginePacket) -> Reaction {
        guard !isClosed, probe != .none else { return .nothing }
        switch packet.kind {
        case .ping where packet.payload == Self.probeText:
            probe = .answered
            return .answerProbe
        case .upgrade:
            probe = .none
            transport = .webSocket
            return .upgrade
        default:
            probe = .none
            return .dropProbe
        }
    }

    static let probeText = ByteBuffer(staticString: "probe")

    // MARK: Polls

    /// A GET came.
    mutating func beginPoll(hasOutput: Bool) -> Poll {
        guard !isClosed, transport == .polling else { return .refuse }
        if isPolled { return .overlap }
        if hasOutput { return .answer }
        if probe == .answered { return .release }
        isPolled = true
        return .wait
    }

    /// The waiting GET was answered, or its client is gone.
    mutating func endPoll() { isPolled = false }

    /// Whether a POST's packets are taken: the transport is left after an upgrade, but what was on its way still counts.
    var takesPosts: Bool { !isClosed && transport == .polling }

    // MARK: Transports

    /// A WebSocket was opened for a session that exists.
    ///
    /// - Returns: false when it can not become the transport: the session is on one, or another one is being probed.
    mutating func beginProbe() -> Bool {
        guard !isClosed, transport == .polling, probe == .none else { return false }
        probe = .open
        return true
    }

    /// The WebSocket that was to become the transport is gone.
    mutating func endProbe() { probe = .none }

    mutating func close() { isClosed = true }

    mutating func checkHeartbeat(at now: NIODeadline) -> Heartbeat.Step { heartbeat.check(at: now) }
}
