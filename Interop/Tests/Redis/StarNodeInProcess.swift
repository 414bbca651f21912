import LibP2PCore
import NIOCore
import NIOPosix
import Redis
import StarSignalling
import Synchronization

/// The star of a node, in the test's own process: its hub and its part of the cluster.
final class StarNodeInProcess: Sendable {
    let hub = StarHub()
    let cluster: StarCluster
    private let loops: LoopGroup

    init(_ redis: RedisProcess) async throws {
        loops = LoopGroup(NIOSingletons.posixEventLoopGroup)
        var timing = StarCluster.Timing()
        (timing.heartbeat, timing.expiry, timing.memory) = (.milliseconds(200), .seconds(1), .seconds(2))
        (timing.firstRetry, timing.longestRetry) = (.milliseconds(50), .milliseconds(200))
        cluster = StarCluster(try RedisURL(redis.url), hub: hub, executor: loops.next(), timing: timing)
        await cluster.start()
    }

    /// Waits until the node has written and read everything.
    func waitForRedis() async throws {
        try await eventually("the node is connected to Redis") { cluster.currentStatus.isConnected ? true : nil }
    }

    /// A client that joins.
    func peer(_ address: String) async throws -> StarPeerInProcess {
        let peer = try await StarPeerInProcess(address, hub, loops.next())
        try await peer.send("ss-join", "\"\(address)\"")
        return peer
    }
}

/// A client of such a star, without network.
final class StarPeerInProcess: Sendable {
    let address: String
    private let hub: StarHub
    private let socket: ServerSocket
    private let texts: MessageBox

    init(_ address: String, _ hub: StarHub, _ executor: LoopExecutor) async throws {
        self.address = address
        self.hub = hub
        let texts = MessageBox()
        self.texts = texts
        socket = try await executor.loop.submit {
            let socket = ServerSocket(
                id: SocketID(RandomSource()), executor: executor, source: nil, output: BoxOutput(texts))
            hub.connected(socket)
            return socket
        }.get()
    }

    func send(_ name: String, _ arguments: String...) async throws {
        let buffers = arguments.map { ByteBuffer(string: $0) }
        let text = ByteBuffer(string: (["\"\(name)\""] + arguments).joined(separator: ","))
        try await socket.executor.loop.submit { [self] in
            hub.received(SocketEvent(name: name, arguments: buffers, text: text), from: socket)
        }.get()
    }

    /// Sends an offer to a peer, or the answer to one of its offers; each with a number of its own.
    func handshake(with other: String, number: Int, isAnswer: Bool = false) async throws {
        let (source, target) = isAnswer ? (other, address) : (address, other)
        try await send(
            "ss-handshake",
            #"{"srcMultiaddr":"\#(source)","dstMultiaddr":"\#(target)","n":\#(number)\#(isAnswer ? ",\"answer\":true" : "")}"#
        )
    }

    func disconnect() async throws {
        try await socket.executor.loop.submit { [self] in
            socket.detach()
            hub.disconnected(socket)
        }.get()
    }

    /// Waits to be told of a peer.
    func hears(of other: String) async throws {
        try await texts.take("\(address) hears of \(other)") { $0 == #"42["ws-peer","\#(other)"]"# }
    }

    /// Waits for a handshake with a number, and tells whether it came back as an error.
    func receives(_ number: Int) async throws -> (isError: Bool, isAnswer: Bool) {
        let text = try await texts.take("\(address) gets handshake \(number)") {
            $0.hasPrefix(#"42["ws-handshake""#)
                && ($0.contains(#""n":\#(number),"#) || $0.contains(#""n":\#(number)}"#))
        }
        return (text.contains(#""err":"peer is not available""#), text.contains(#""answer":true"#))
    }

    /// Whether it was told of a peer that it did not wait for.
    func hasHeard(of other: String) -> Bool { texts.contains(#"42["ws-peer","\#(other)"]"#) }
}

/// What a client was sent and did not wait for yet.
private final class MessageBox: Sendable {
    private let box = Mailbox<String>()
    private let all = Mutex<Set<String>>([])

    func put(_ texts: [String]) {
        all.withLock { $0.formUnion(texts) }
        box.deliver(texts)
    }

    func contains(_ text: String) -> Bool { all.withLock { $0.contains(text) } }

    @discardableResult
    func take(_ what: String, where isIt: @escaping @Sendable (String) -> Bool) async throws -> String {
        try await box.take(what, within: .seconds(20)) { texts in
            texts.firstIndex(where: isIt).map { texts.remove(at: $0) }
        }
    }
}

private final class BoxOutput: SocketOutput {
    private let box: MessageBox

    init(_ box: MessageBox) { self.box = box }

    func send(_ batch: PacketBatch) {
        box.put((0..<batch.count).compactMap { batch.text($0).map { String(buffer: $0) } })
    }

    func close(_ reason: StarSignalling.CloseReason) {}
}
