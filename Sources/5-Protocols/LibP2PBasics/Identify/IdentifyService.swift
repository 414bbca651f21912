public import LibP2PCore
import LibP2PIdentity
import Multiformats
import NIOCore
import Synchronization

/// Tells peers what this node is, and learns what they are: identify and identify push.
///
/// Every new connection is asked once; what comes back goes to `Network.identified`. When the node's own addresses or
/// protocols change, the peers that take pushes are told.
///
/// Spec: libp2p/specs identify.
public final class IdentifyService: NetworkObserver {
    /// The id of identify: the side that opens the stream asks.
    public static let protocolID: ProtocolID = "/ipfs/id/1.0.0"
    /// The id of identify push: the side that opens the stream tells.
    public static let pushProtocolID: ProtocolID = "/ipfs/id/push/1.0.0"

    /// How long one identification may take, as in go-libp2p.
    static let timeout = Duration.seconds(5)
    /// How many peers are told of a change at a time, as in go-libp2p.
    static let pushConcurrency = 32
    /// Changes that come so close together are told once.
    static let pushDelay = Duration.milliseconds(100)

    private let network: any Network
    private let agentVersion: String
    private let protocolVersion: String
    private let publicKey: [UInt8]
    private let records: OwnRecords
    private let pushes = Mutex(PushSchedule())

    /// Makes the service; ``start()`` must follow.
    ///
    /// - Parameters:
    ///   - agentVersion: names the program, as `waystation/0.1.0`.
    ///   - protocolVersion: names the network; it is told, never compared.
    public init(network: any Network, agentVersion: String, protocolVersion: String = "ipfs/0.1.0") {
        self.network = network
        self.agentVersion = agentVersion
        self.protocolVersion = protocolVersion
        publicKey = network.identity.publicKey.protobuf
        records = OwnRecords(identity: network.identity, clock: network.clock)
    }

    /// Serves both protocols and asks every new connection from now on. The network holds the service weakly as an
    /// observer; keep it.
    public func start() {
        network.serve(IdentifyHandler(service: self))
        network.serve(IdentifyPushHandler(service: self))
        network.addObserver(self)
    }

    /// Asks a peer what it is.
    ///
    /// - Returns: what is known of it now.
    /// - Throws: `NetworkError` when it does not tell in time.
    @discardableResult
    public func identify(_ connection: Connection) async throws -> PeerDescription {
        try await connection.withStream([Self.protocolID], timeout: Self.timeout, allowsLimited: true) { stream in
            self.learn(try await stream.identifyMessage(), on: connection, isPush: false)
        }
    }

    /// See `NetworkObserver`.
    public func connectionOpened(_ connection: Connection) {
        connection.executor.spawn {
            // A peer that does not identify itself is still a peer; whoever needs its protocols asks on a stream.
            _ = try? await self.identify(connection)
        }
    }

    /// See `NetworkObserver`.
    public func selfChanged() {
        if pushes.withLock({ $0.changed() }) { schedulePush() }
    }

    /// What to tell the peer of a connection.
    func message(for connection: Connection) -> IdentifyMessage {
        let audience = audience(of: connection)
        let addresses = audience.addresses(of: network.addresses)
        var message = IdentifyMessage()
        message.publicKey = publicKey
        message.listenAddresses = addresses.map(\.bytes)
        message.protocols = network.protocols.map(\.name)
        message.observedAddress = (connection.remoteAddress.withoutPeerID ?? connection.remoteAddress).bytes
        message.protocolVersion = protocolVersion
        message.agentVersion = agentVersion
        message.signedPeerRecord = records.envelope(for: addresses, to: audience)
        return message
    }

    /// Takes in what a peer told.
    @discardableResult
    func learn(_ message: IdentifyMessage, on connection: Connection, isPush: Bool) -> PeerDescription {
        let peer = connection.remotePeer
        let description = PeerDescription(
            message, of: peer, known: network.peerStore.description(of: peer), isPush: isPush)
        if !isPush, !connection.isLimited, let bytes = message.observedAddress,
            let observed = (try? Multiaddr(bytes: bytes))?.withoutPeerID
        {
            network.observed(observed, by: connection)
        }
        network.identified(connection, as: description)
        if !isPush { correctForOldPrograms(description, on: connection) }
        return description
    }

    /// A program of 2020 loses all addresses of a message that holds one it can't read. That it is one turns out only
    /// when it has identified itself, and by then it may have asked: so tell it again, in its own words.
    private func correctForOldPrograms(_ description: PeerDescription, on connection: Connection) {
        guard AddressVocabulary(agentVersion: description.agentVersion) == .year2020,
            description.protocols.contains(Self.pushProtocolID),
            !network.addresses.allSatisfy(\.isCompatibleWith2020)
        else { return }
        connection.executor.spawn { await self.push(to: connection) }
    }

    private func audience(of connection: Connection) -> Audience {
        Audience(
            scope: connection.remoteAddress.scope, allowsPrivateAddresses: network.allowsPrivateAddresses,
            vocabulary: AddressVocabulary(
                agentVersion: network.peerStore.description(of: connection.remotePeer)?.agentVersion))
    }

    // MARK: Telling of changes

    private func schedulePush() {
        network.home.schedule(after: Self.pushDelay) {
            self.network.home.spawn { await self.pushToAll() }
        }
    }

    private func pushToAll() async {
        pushes.withLock { $0.began() }
        var told: Set<PeerID> = []
        let targets = network.connections.filter { connection in
            let description = network.peerStore.description(of: connection.remotePeer)
            return description?.protocols.contains(Self.pushProtocolID) == true
                && told.insert(connection.remotePeer).inserted
        }
        await withTaskGroup(of: Void.self) { group in
            for (index, connection) in targets.enumerated() {
                if index >= Self.pushConcurrency { await group.next() }
                group.addTask { await self.push(to: connection) }
            }
        }
        if pushes.withLock({ $0.ended() }) { schedulePush() }
    }

    private func push(to connection: Connection) async {
        // A peer that could not be told asks again when it connects again.
        try? await connection.withStream([Self.pushProtocolID], timeout: Self.timeout, allowsLimited: true) { stream in
            try await stream.write(self.message(for: connection))
        }
    }
}

/// Answers identify: says what this node is, and closes.
private struct IdentifyHandler: StreamHandler {
    let service: IdentifyService
    let protocols = [IdentifyService.protocolID]
    let limits = StreamLimits(
        perConnection: 4, idle: .seconds(10), lifetime: .seconds(15), allowsLimitedConnections: true)

    func handle(_ stream: Stream) async throws {
        try await stream.write(service.message(for: stream.connection))
    }
}

/// Takes identify pushes.
private struct IdentifyPushHandler: StreamHandler {
    let service: IdentifyService
    let protocols = [IdentifyService.pushProtocolID]
    let limits = StreamLimits(
        perConnection: 2, idle: .seconds(10), lifetime: .seconds(15), allowsLimitedConnections: true)

    func handle(_ stream: Stream) async throws {
        service.learn(try await stream.identifyMessage(), on: stream.connection, isPush: true)
    }
}
