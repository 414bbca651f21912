public import Hummingbird
public import LibP2PCore
public import Logging
import Metrics
public import NIOCore
import NIOPosix
import Synchronization

/// One HTTP server: the admin server is one, the front door is another.
///
/// Requests go to a Hummingbird responder, WebSocket upgrades to a route that takes the bare channel over. Bodies are
/// gathered, within their route's bound, before a request is answered: a slow client costs a timer, not a task.
public final class HTTPServer: Sendable {
    /// What a server is made of.
    public struct Configuration: Sendable {
        /// The server's name in logs and metrics, such as `admin`.
        public var name: String

        /// What its connections may cost.
        public var limits = HTTPLimits()

        /// How many connections there may be, together with other servers that have the same caps.
        public var caps = ConnectionCaps()

        /// The bytes that a request's body may have, by its method and path.
        public var bodyLimit: @Sendable (_ method: String, _ path: String) -> Int = { _, _ in 0 }

        /// Who takes a WebSocket over; `nil` when nobody does, which is answered 404.
        public var webSocketRoute: @Sendable (WebSocketRequest) -> WebSocketRoute? = { _ in nil }

        /// How the server speaks TLS; nil when it does not.
        public var tls: TLSDoor?

        /// For how long browsers shall come over TLS only (RFC 6797); nil not to ask for it. Told over TLS only.
        public var strictTransport: Duration?

        /// A server called `name`, with the limits of the contract, without bodies and WebSockets.
        public init(name: String) {
            self.name = name
        }
    }

    /// What the server was made of.
    public let configuration: Configuration
    let responder: any HTTPResponder<ConnectionContext>
    let loops: LoopGroup
    let group: any EventLoopGroup
    let logger: Logger
    let census: ConnectionCensus
    /// Made once: to find a counter costs more than to count.
    let responseCounters: [Int: Counter]
    /// Empty where no TLS is spoken.
    let handshakeCounters: [TLSHandshakeOutcome: Counter]
    /// What the header field of that name says; nil to leave it out.
    let strictTransportSecurity: String?
    private let listener = Mutex<(any Channel)?>(nil)

    /// Makes a server that does not listen yet.
    ///
    /// - Parameters:
    ///   - group: the loops that connections live on; `loops` are its executors.
    ///   - responder: answers requests, usually by a router.
    public init(
        _ configuration: Configuration, group: any EventLoopGroup, loops: LoopGroup,
        responder: some HTTPResponder<ConnectionContext>, logger: Logger
    ) {
        self.configuration = configuration
        self.responder = responder
        self.loops = loops
        self.group = group
        self.logger = logger
        responseCounters = Self.makeResponseCounters(configuration.name)
        handshakeCounters = configuration.tls == nil ? [:] : Self.makeHandshakeCounters(configuration.name)
        census = ConnectionCensus(configuration.caps)
        strictTransportSecurity =
            configuration.tls == nil ? nil : configuration.strictTransport.map { "max-age=\($0.components.seconds)" }
    }

    /// Binds the address and accepts connections from then on.
    ///
    /// - Returns: the address with the real port.
    /// - Throws: `HTTPServingError` with `.cannotBind`.
    public func start(host: String, port: Int) async throws(HTTPServingError) -> SocketAddress {
        let bootstrap = ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 1024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            // TLS has an end of its own; what ends without it is cut off.
            .childChannelOption(.allowRemoteHalfClosure, value: configuration.tls == nil)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try self.setUp(channel) }
            }
        do {
            let channel = try await bootstrap.bind(host: host, port: port).get()
            guard let address = channel.localAddress else {
                throw ChannelError.unknownLocalAddress
            }
            listener.withLock { $0 = channel }
            return address
        } catch {
            throw HTTPServingError(
                .cannotBind, "\(configuration.name) cannot listen on \(host):\(port)", cause: error)
        }
    }

    /// Stops accepting, closes connections without a request under way, and waits for the others until `deadline`;
    /// then those are cut off. Upgraded connections belong to those who took them over.
    public func stop(within time: Duration) async {
        let channel = listener.withLock { listener in
            defer { listener = nil }
            return listener
        }
        try? await channel?.close().get()
        census.drain()
        let executor = loops.next()
        let cutOff = executor.schedule(after: time) { self.census.closeAll() }
        await census.waitUntilEmpty(on: executor)
        cutOff.cancel()
    }

    /// Connections that are open, without upgraded ones.
    public var connectionCount: Int { census.count }

    /// Takes over a connection that somebody else has accepted, or refuses it by closing. Called on its loop; its bytes come
    /// to handlers that are added at the end of its pipeline, from the first one on.
    ///
    /// - Throws: what is wrong with the channel, which is to be closed then.
    public func adopt(_ channel: any Channel) throws {
        try channel.syncOptions?.setOption(.allowRemoteHalfClosure, value: configuration.tls == nil)
        try setUp(channel)
    }

    /// Sets a new connection up, or refuses it by closing.
    private func setUp(_ channel: any Channel) throws {
        guard let executor = loops.executor(of: channel.eventLoop) else {
            throw ChannelError.operationUnsupported
        }
        switch census.admit(channel) {
        case .success(let place):
            if let door = configuration.tls {
                try channel.pipeline.syncOperations.addHandler(
                    TLSDoorHandler(server: self, door: door, executor: executor, place: place))
            } else {
                try HTTP1Pipeline.configure(channel, server: self, executor: executor, place: place)
            }
        case .failure(let refusal):
            Self.countRefusal(configuration.name, refusal)
            channel.close(promise: nil)
        }
    }
}
