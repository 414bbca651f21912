public import LibP2PCore
public import LibP2PIdentity
public import Logging
public import Multiformats
import NIOCore
import Synchronization

/// A node's place in the network: it listens and dials by its transports, secures and multiplexes what they bring, keeps
/// the table of connections within limits, remembers peers, and hands inbound streams to the protocols that it serves.
///
/// It knows no protocol itself: identify, ping, the DHT and the rest are `StreamHandler`s and `NetworkObserver`s that
/// use it as their `Network`.
///
/// ```swift
/// let host = Host(
///     identity: try .generate(), loops: LoopGroup(MultiThreadedEventLoopGroup.singleton),
///     transports: [TCPTransport()], securities: [Noise(identity: key)], muxers: [Yamux()])
/// host.serve(Echo())
/// try await host.listen(on: Multiaddr("/ip4/0.0.0.0/tcp/4001"))
/// ```
public final class Host: Network {
    /// See `Network`.
    public let identity: PrivateKey
    /// See `Network`.
    public let loops: LoopGroup
    /// See `Network`.
    public let home: LoopExecutor
    /// See `Network`.
    public let clock: WallClock
    /// See `Network`.
    public let random: RandomSource
    /// How the host behaves.
    public let configuration: HostConfiguration
    /// What happened so far.
    public let counters = HostCounters()
    /// Bytes that went over all connections.
    public let traffic = TrafficCounter()
    /// The peers known, as the concrete type, for storage and metrics.
    public let knownPeers: MemoryPeerStore

    let securities: [any SecurityProtocol]
    let muxers: [any MuxerProtocol]
    let logger: Logger
    let registry: HandlerRegistry
    let observers = ObserverList()
    let dialer: Dialer
    let state: Mutex<State>

    struct State {
        var connections = ConnectionTable()
        var admissions: AdmissionTable
        var handshakes: HandshakeTable
        var transports: [any Transport]
        var listeners: [any Listener] = [] {
            didSet { listenAddresses = nil }
        }
        var listenAddresses: (addresses: [Multiaddr], until: NIODeadline)?
        var access: AccessList
        var observedAddresses = ObservedAddresses()
        var advertisement = Advertisement()
        var lastConnectionID: UInt64 = 0
        var isTrimming = false
        var isClosing = false
    }

    /// Makes a host that neither listens nor dials yet.
    ///
    /// - Parameters:
    ///   - identity: the node's key.
    ///   - loops: where connections live; the first one is the home of the node's own actors.
    ///   - transports: asked in order whether they understand an address.
    ///   - securities: the preferred one first.
    ///   - muxers: the preferred one first.
    public init(
        identity: PrivateKey, loops: LoopGroup, transports: [any Transport], securities: [any SecurityProtocol] = [],
        muxers: [any MuxerProtocol] = [], configuration: HostConfiguration = HostConfiguration(),
        clock: WallClock = .system, random: RandomSource = RandomSource(), logger: Logger = Logger(label: "host")
    ) {
        self.identity = identity
        self.loops = loops
        home = loops.executors[0]
        self.securities = securities
        self.muxers = muxers
        self.configuration = configuration
        self.clock = clock
        self.random = random
        self.logger = logger
        knownPeers = MemoryPeerStore(clock: clock, maxPeers: configuration.maxKnownPeers)
        registry = HandlerRegistry(streamsPerProtocol: configuration.streamsPerProtocol)
        dialer = Dialer()
        state = Mutex(
            State(
                admissions: AdmissionTable(limits: configuration.limits),
                handshakes: HandshakeTable(limit: configuration.limits.handshakes), transports: transports,
                access: configuration.access))
    }

    /// See `Network`.
    public var peerStore: any PeerStore { knownPeers }

    /// See `Network`.
    public var allowsPrivateAddresses: Bool { configuration.allowsPrivateAddresses }

    /// Who may connect; changes hold for new connections.
    public var access: AccessList {
        get { state.withLock { $0.access } }
        set { state.withLock { $0.access = newValue } }
    }

    // MARK: Listening

    /// What is asked, in order, whether it understands an address.
    var transports: [any Transport] { state.withLock { $0.transports } }

    /// Dials and listens by one more transport from now on, after those that there are. For one that needs the host
    /// itself, as circuits through relays do.
    public func add(_ transport: any Transport) { state.withLock { $0.transports.append(transport) } }

    /// Listens on an address from now on.
    ///
    /// - Returns: the listener, which knows the real port.
    /// - Throws: `NetworkError`: `.unsupportedAddress`, or `.system` when the address cannot be bound.
    @discardableResult
    public func listen(on address: Multiaddr) async throws -> any Listener {
        guard let transport = transports.first(where: { $0.canListen(on: address) }) else {
            throw NetworkError(.unsupportedAddress, "No transport listens on \(address).")
        }
        let listener = try await transport.listen(on: address, upgrader: self, loops: loops)
        add(listener)
        return listener
    }

    /// Counts a listener that works by itself, such as the front door of an HTTP server, to the node's addresses.
    public func add(_ listener: any Listener) {
        state.withLock { state in
            state.listeners.append(listener)
            state.listenAddresses = nil
        }
        observers.notify { $0.selfChanged() }
    }

    /// See `Network`.
    public func stopListening(on address: Multiaddr) async {
        let closing = state.withLock { state in
            let closing = state.listeners.filter { $0.address == address }
            state.listeners.removeAll { $0.address == address }
            state.listenAddresses = nil
            return closing
        }
        for listener in closing { await listener.close() }
        if !closing.isEmpty { observers.notify { $0.selfChanged() } }
    }

    /// See `ConnectionUpgrader`.
    public func listenerChanged() {
        state.withLock { $0.listenAddresses = nil }
        observers.notify { $0.selfChanged() }
    }

    // MARK: Protocols

    /// See `Network`.
    public func serve(_ handler: any StreamHandler) {
        registry.add(handler)
        observers.notify { $0.selfChanged() }
    }

    /// See `Network`.
    public func stopServing(_ protocols: [ProtocolID]) {
        registry.remove(protocols)
        observers.notify { $0.selfChanged() }
    }

    /// See `Network`.
    public var protocols: [ProtocolID] { registry.protocols }

    /// Streams that are open now, by protocol that is served.
    public var activeStreams: [ProtocolID: Int] { registry.activeStreams }

    /// See `Network`.
    public func addObserver(_ observer: any NetworkObserver) { observers.add(observer) }

    /// See `Network`.
    public func identified(_ connection: Connection, as description: PeerDescription) {
        knownPeers.set(description, of: connection.remotePeer)
        observers.notify { $0.peerIdentified(connection.remotePeer, description, on: connection) }
    }

    // MARK: The end

    /// Stops listening. Connections live on, and the host still dials.
    public func stopListening() async {
        let listeners = state.withLock { state in
            defer { state.listeners = [] }
            return state.listeners
        }
        for listener in listeners { await listener.close() }
    }

    /// Stops listening and serving, and closes all connections, in order.
    public func close() async {
        let connections = state.withLock { state in
            state.isClosing = true
            return state.connections.all
        }
        await stopListening()
        for connection in connections { await connection.close() }
        // The loops may be shut down after this: no dial may wait on one of them then.
        let dials = dialer.state.withLock { Array($0.dials.values) }
        for dial in dials { dial.cancel() }
        for dial in dials { _ = await dial.result }
        // Handlers hold their services, and those hold the host; so do transports that were added.
        registry.removeAll()
        state.withLock { $0.transports = [] }
    }

    func nextConnectionID() -> UInt64 {
        state.withLock { state in
            state.lastConnectionID += 1
            return state.lastConnectionID
        }
    }
}
