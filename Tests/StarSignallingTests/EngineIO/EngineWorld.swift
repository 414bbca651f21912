import HTTPTypes
import LibP2PCore
import Multiformats
import NIOCore
import NIOEmbedded
import NIOWebSocket
import Synchronization

@testable import StarSignalling

/// An engine without sockets, on a loop whose clock stands still until a test moves it.
final class EngineWorld {
    let loop = EmbeddedEventLoop()
    let executor: LoopExecutor
    let service: RecordingService
    let engine: EngineServer

    init(_ settings: EngineSettings = EngineSettings(), service: RecordingService = RecordingService()) {
        executor = LoopExecutor(loop)
        self.service = service
        engine = EngineServer(
            settings, loops: LoopGroup(executors: [executor]), random: RandomSource(seed: 1), service: service)
    }

    /// Moves the clock on.
    func pass(_ time: Duration) { loop.advanceTime(by: TimeAmount(time)) }

    // MARK: Polling

    /// A request under way.
    final class Exchange: Sendable {
        private let result = Mutex<EngineResponse?>(nil)
        fileprivate let task = Mutex<Task<Void, Never>?>(nil)

        var answer: EngineResponse? { result.withLock { $0 } }
        var status: Int? { answer?.status.code }
        var body: String? { answer.map { String(buffer: $0.body) } }

        fileprivate func finish(_ response: EngineResponse) { result.withLock { $0 = response } }

        /// Goes away without waiting for the answer.
        func abandon() { task.withLock { $0 }?.cancel() }
    }

    /// Begins a request, which may wait for its answer.
    func request(
        _ method: String = "GET", _ query: String, body: String = "",
        _ configure: (inout EngineRequest) -> Void = { _ in }
    ) -> Exchange {
        var request = EngineRequest(method: method, query: query, source: .v4(0x7f00_0001))
        request.body = ByteBuffer(string: body)
        configure(&request)
        let exchange = Exchange()
        let task = executor.spawn { [engine, executor, request] in
            exchange.finish(await engine.respond(to: request, on: executor))
        }
        exchange.task.withLock { $0 = task }
        loop.run()
        return exchange
    }

    /// Begins a session that polls.
    func poll(revision: Int) -> PollingClient {
        let opening = request("GET", "EIO=\(revision)&transport=polling")
        return PollingClient(world: self, revision: revision, greeting: opening.body ?? "")
    }

    // MARK: WebSockets

    /// Opens a WebSocket; nil when it is refused.
    func webSocket(_ query: String) throws -> SocketClientEnd? {
        var request = EngineRequest(method: "GET", query: query, source: .v4(0x7f00_0001))
        request.isUpgrade = true
        guard let accept = engine.webSocket(request) else { return nil }
        return try SocketClientEnd(loop: loop, maxPayload: engine.settings.maxPayload, accept)
    }
}

/// A session that polls, as its client sees it.
struct PollingClient {
    let world: EngineWorld
    let greeting: String
    let query: String

    init(world: EngineWorld, revision: Int, greeting: String) {
        self.world = world
        self.greeting = greeting
        query = "EIO=\(revision)&transport=polling&sid=\(sid(in: greeting))"
    }

    func get() -> EngineWorld.Exchange { world.request("GET", query) }

    @discardableResult
    func post(_ body: String, _ configure: (inout EngineRequest) -> Void = { _ in }) -> EngineWorld.Exchange {
        world.request("POST", query, body: body, configure)
    }
}

/// The session's name in an open packet.
func sid(in greeting: String) -> String {
    guard let start = greeting.firstRange(of: #""sid":""#) else { return "" }
    return String(greeting[start.upperBound...].prefix { $0 != "\"" })
}

/// The client's end of a WebSocket without a network.
final class SocketClientEnd {
    let channel: EmbeddedChannel
    private var unread = ByteBuffer()

    init(loop: EmbeddedEventLoop, maxPayload: Int, _ accept: @Sendable (any Channel) -> Void) throws {
        channel = EmbeddedChannel(loop: loop)
        let operations = channel.pipeline.syncOperations
        try operations.addHandlers([
            WebSocketFrameEncoder(), ByteToMessageHandler(WebSocketFrameDecoder(maxFrameSize: maxPayload)),
            WebSocketProtocolErrorHandler(),
        ])
        channel.connect(to: try SocketAddress(ipAddress: "127.0.0.1", port: 1), promise: nil)
        loop.run()
        accept(channel)
        loop.run()
    }

    /// Sends a frame, masked as clients must.
    func send(_ text: String, opcode: WebSocketOpcode = .text, fin: Bool = true) throws {
        try send(Array(text.utf8), opcode: opcode, fin: fin)
    }

    func send(_ payload: [UInt8], opcode: WebSocketOpcode = .binary, fin: Bool = true) throws {
        var bytes: [UInt8] = [(fin ? 0x80 : 0) | UInt8(webSocketOpcode: opcode)]
        switch payload.count {
        case ..<126: bytes.append(0x80 | UInt8(payload.count))
        case ...0xffff: bytes += [0xfe, UInt8(payload.count >> 8), UInt8(payload.count & 0xff)]
        default:
            bytes.append(0xff)
            for shift in stride(from: 56, through: 0, by: -8) { bytes.append(UInt8(payload.count >> shift & 0xff)) }
        }
        let mask: [UInt8] = [1, 2, 3, 4]
        bytes += mask
        bytes += payload.enumerated().map { $0.element ^ mask[$0.offset % 4] }
        _ = try? channel.writeInbound(ByteBuffer(bytes: bytes))
        channel.embeddedEventLoop.run()
    }

    /// The texts of the frames that came since the last call; a close frame is `close <code>`, a pong `pong <payload>`.
    func received() throws -> [String] {
        while var part = try channel.readOutbound(as: ByteBuffer.self) { unread.writeBuffer(&part) }
        var texts: [String] = []
        while let first = unread.readInteger(as: UInt8.self),
            var length = unread.readInteger(as: UInt8.self).map(Int.init)
        {
            if length == 126 { length = Int(unread.readInteger(as: UInt16.self) ?? 0) }
            if length == 127 { length = Int(unread.readInteger(as: UInt64.self) ?? 0) }
            let payload = unread.readBytes(length: length) ?? []
            switch first {
            case 0x81: texts.append(String(decoding: payload, as: UTF8.self))
            case 0x88: texts.append("close \(Int(payload[0]) << 8 | Int(payload[1]))")
            case 0x8a: texts.append("pong \(String(decoding: payload, as: UTF8.self))")
            default: texts.append("frame \(first)")
            }
        }
        return texts
    }

    var isOpen: Bool { channel.isActive }

    /// Cuts the connection.
    func cut() {
        channel.close(promise: nil)
        channel.embeddedEventLoop.run()
    }
}
