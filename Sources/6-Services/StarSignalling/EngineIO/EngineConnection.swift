import LibP2PCore
import Multiformats
import NIOCore

/// One client: its session, what carries it, and what waits to be sent.
///
/// It lives on one loop: its WebSocket's, or that of the connection by which it began to poll. Requests and WebSockets of the
/// same session that come by other loops hop there.
// SAFETY: all mutable state is touched on `executor`'s loop only, which every entry asserts; other loops only hold the
// object, and come by `executor`.
final class EngineConnection: @unchecked Sendable {
    let id: SocketID
    let executor: LoopExecutor
    let source: IPAddress?
    let server: EngineServer

    var session: EngineSession
    var receiver: (any EngineReceiver)?

    /// What waits for the next poll, and what it costs.
    var outbox: [PacketBatch] = []
    var outboxCost = 0
    /// The poll that waits.
    var poll: EventLoopPromise<EngineResponse>?
    var isFlushPlanned = false

    /// The WebSocket that carries the session, and the one that may.
    var socket: EngineWebSocketHandler?
    var candidate: EngineWebSocketHandler?

    /// When the client must have connected a namespace.
    private var connectDeadline: NIODeadline?
    private var probeDeadline: NIODeadline?
    private var timer: Scheduled<Void>?
    private var timerDeadline = NIODeadline.distantFuture

    init(
        _ revision: EngineRevision, _ transport: EngineSession.Transport, source: IPAddress?, executor: LoopExecutor,
        server: EngineServer
    ) {
        id = SocketID(server.random)
        self.executor = executor
        self.source = source
        self.server = server
        session = EngineSession(revision, transport, server.settings, at: executor.now)
    }

    var revision: EngineRevision { session.revision }
    private var settings: EngineSettings { server.settings }

    // MARK: Life

    /// Greets the client, and begins to watch whether it lives.
    func open() {
        executor.loop.assertInEventLoop()
        send(greeting)
        receiver?.opened()
        planCheck()
    }

    private var greeting: PacketBatch {
        let upgrades = session.transport == .polling ? #""websocket""# : ""
        let bound = revision == .four ? ",\"maxPayload\":\(settings.maxPayload)" : ""
        let interval = settings.pingInterval.milliseconds
        let timeout = settings.pingTimeout.milliseconds
        var batch = PacketBatch()
        batch.append(
            packet: """
                0{"sid":"\(id)","upgrades":[\(upgrades)],"pingInterval":\(interval),"pingTimeout":\(timeout)\(bound)}
                """)
        return batch
    }

    /// Ends the session. The layer above hears of it later, not from within. Does nothing when it has ended.
    func close(_ reason: CloseReason) {
        executor.loop.assertInEventLoop()
        guard !session.isClosed else { return }
        session.close()
        timer?.cancel()
        timer = nil
        answerLastPoll(reason)
        socket?.close(reason)
        candidate?.close(reason)
        (socket, candidate) = (nil, nil)
        outbox = []
        server.forget(self, reason)
        executor.loop.execute {
            self.receiver?.closed()
            self.receiver = nil
        }
    }

    // MARK: Packets

    /// Takes a packet that came over the session's own transport.
    func receive(_ packet: EnginePacket) {
        executor.loop.assertInEventLoop()
        switch session.receive(packet, at: executor.now) {
        case .message:
            do { try receiver?.received(packet) } catch { close(.malformed) }
        case .pong:
            pong(packet.payload)
        case .close(let reason):
            close(reason)
        case .nothing, .answerProbe, .upgrade, .dropProbe:
            break
        }
    }

    /// Sends packets, in order, soon. A receiver that holds more than it may is closed.
    func send(_ batch: PacketBatch) {
        executor.loop.assertInEventLoop()
        guard !session.isClosed, !batch.isEmpty else { return }
        switch session.transport {
        case .webSocket:
            if let socket, !socket.send(batch.frames) { close(.slowReceiver) }
        case .polling:
            outboxCost += batch.byteCount + EngineSettings.writeCost
            guard outboxCost <= settings.unsentLimit else { return close(.slowReceiver) }
            outbox.append(batch)
            if poll != nil { planFlush() }
        }
    }

    /// Whether half of what may wait for the client waits.
    var isCongested: Bool {
        let waiting = session.transport == .polling ? outboxCost : socket?.unsentCost ?? 0
        return waiting > settings.unsentLimit / 2
    }

    private func pong(_ payload: ByteBuffer) {
        // Two forms: nearly all pings of revision 3 are bare.
        guard payload.readableBytes > 0 else { return send(Self.pong) }
        guard payload.readableBytes <= Self.maxPingPayload,
            String(validating: payload.readableBytesView, as: UTF8.self) != nil
        else { return close(.malformed) }
        var batch = PacketBatch()
        batch.append(packet: ByteBuffer(string: "3" + String(buffer: payload)))
        send(batch)
    }

    /// As much as a WebSocket's own ping may carry.
    private static let maxPingPayload = 125
    private static let ping = batch("2")
    private static let pong = batch("3")
    private static let probeAnswer = batch("3probe")

    private static func batch(_ packet: String) -> PacketBatch {
        var batch = PacketBatch()
        batch.append(packet: packet)
        return batch
    }

    // MARK: WebSockets

    /// A whole message came over a WebSocket of this session.
    func receive(_ message: EngineWebSocketHandler.Message, from origin: EngineWebSocketHandler) {
        executor.loop.assertInEventLoop()
        do throws(StarSignallingError) {
            let packet =
                message.isBinary
                ? try EnginePacket(binary: message.bytes, revision: revision)
                : try EnginePacket(text: message.bytes, revision: revision)
            if origin === socket { return receive(packet) }
            if origin === candidate { receiveOnCandidate(packet) }
        } catch {
            if origin === socket { close(.malformed) }
            if origin === candidate { dropCandidate() }
        }
    }

    /// A WebSocket was opened for this session, which exists already.
    func attach(_ newcomer: EngineWebSocketHandler) {
        executor.loop.assertInEventLoop()
        guard session.beginProbe() else { return newcomer.close(.refused) }
        candidate = newcomer
        probeDeadline = executor.now + TimeAmount(settings.upgradeTimeout)
        planCheck()
    }

    private func receiveOnCandidate(_ packet: EnginePacket) {
        switch session.receiveOnProbe(packet) {
        case .answerProbe:
            guard candidate?.send(Self.probeAnswer.frames) == true else { return dropCandidate() }
            releasePoll()
        case .upgrade:
            socket = candidate
            candidate = nil
            probeDeadline = nil
            server.metrics.countUpgrade()
            releasePoll()
            let waiting = outbox
            (outbox, outboxCost) = ([], 0)
            for batch in waiting { send(batch) }
        case .dropProbe:
            dropCandidate()
        case .nothing, .message, .pong, .close:
            break
        }
    }

    private func dropCandidate() {
        candidate?.close(.malformed)
        candidate = nil
        probeDeadline = nil
        session.endProbe()
    }

    /// A WebSocket of this session is gone, or cannot take what it is sent.
    func lost(_ gone: EngineWebSocketHandler, _ reason: CloseReason) {
        executor.loop.assertInEventLoop()
        if gone === socket { close(reason) }
        if gone === candidate { dropCandidate() }
    }

    // MARK: Time

    /// Closes the client unless a namespace is connected within the time that the settings say.
    func expectConnect() {
        connectDeadline = executor.now + TimeAmount(settings.connectTimeout)
        planCheck()
    }

    /// A namespace is connected.
    func stopExpectingConnect() { connectDeadline = nil }

    /// Sees to it that a timer fires when there is something to do; it may fire before.
    private func planCheck() {
        guard !session.isClosed else { return }
        let next = min(session.heartbeat.due, connectDeadline ?? .distantFuture, probeDeadline ?? .distantFuture)
        if timer != nil, timerDeadline <= next { return }
        timer?.cancel()
        timerDeadline = next
        timer = executor.loop.scheduleTask(deadline: next) { self.check() }
    }

    private func check() {
        timer = nil
        let now = executor.now
        if let probeDeadline, probeDeadline <= now { dropCandidate() }
        if let connectDeadline, connectDeadline <= now { return close(.noNamespace) }
        switch session.checkHeartbeat(at: now) {
        case .wait: break
        case .ping: send(Self.ping)
        case .dead: return close(.heartbeat)
        }
        planCheck()
    }
}

extension Duration {
    /// Whole milliseconds.
    fileprivate var milliseconds: Int64 { nanoseconds / 1_000_000 }
}
