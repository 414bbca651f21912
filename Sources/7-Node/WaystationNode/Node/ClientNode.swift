import LibP2PBasics
public import LibP2PCore
public import LibP2PHost
import LibP2PIdentity
public import LibP2PKademlia
import LibP2PMuxers
import LibP2PRelay
import LibP2PSecurity
import LibP2PTransports
public import Logging
public import Multiformats
import NIOCore
import NIOPosix

/// A peer that only asks: no listeners, no data folder, a new identity each time. The commands `ping` and `lookup` are
/// made of it.
public final class ClientNode: Sendable {
    /// The client's place in the network.
    public let host: Host
    /// Asks the DHT; nil for a client without bootstrap peers.
    public let table: KademliaDHT?

    private let group: MultiThreadedEventLoopGroup
    private let resolver: DNSResolver
    private let identify: IdentifyService
    private let relays: RelayTransport

    /// Makes a client and connects it to its bootstrap peers.
    ///
    /// - Parameters:
    ///   - bootstrap: peers to ask first; with their ids.
    ///   - protocolID: the DHT's protocol.
    ///   - namespaces: record namespaces accepted without a validator.
    ///   - dnsServer: asked instead of the system's resolvers.
    ///   - privateNetworkKeyFile: the key of a private network.
    /// - Throws: ``NodeError``: `.failed` when none of the bootstrap peers answers.
    public init(
        bootstrap: [Multiaddr] = [], protocolID: ProtocolID = "/ipfs/kad/1.0.0", namespaces: [String] = [],
        dnsServer: HostAndPort? = nil, privateNetworkKeyFile: String? = nil,
        logger: Logger = Logger(label: "waystation")
    ) async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        self.group = group
        resolver = try DNSResolver(
            DNSResolver.Configuration(server: try dnsServer.map { try DNSServer($0.description) }))
        let identity = try PrivateKey.generate(.ed25519)
        var settings = HostConfiguration()
        // A client asks whom it is told to ask, wherever that is.
        settings.allowsPrivateAddresses = true
        settings.resolver = resolver
        if let path = privateNetworkKeyFile {
            let key = try PrivateNetworkKey.read(path)
            settings.privateNetwork = { channel in
                try channel.pipeline.syncOperations.addHandler(PrivateNetworkHandler(key: key))
            }
        }
        host = Host(
            identity: identity, loops: LoopGroup(group), transports: [TCPTransport(), WebSocketTransport()],
            securities: [try Noise(identity: identity), try TLS(identity: identity)], muxers: [Yamux(), Mplex()],
            configuration: settings, logger: logger)
        relays = RelayTransport(network: host, version1: Version1Service(network: host), logger: logger)
        host.add(relays)
        host.serve(PingService())
        identify = IdentifyService(network: host, agentVersion: Version.agent, protocolVersion: Version.network)
        identify.start()
        guard !bootstrap.isEmpty else {
            table = nil
            return
        }
        var table = KademliaConfiguration(protocolID: protocolID, mode: .client, bootstrap: bootstrap)
        table.openNamespaces = namespaces
        let dht = KademliaDHT(table, network: host, logger: logger)
        self.table = dht
        do {
            try await join(dht, through: bootstrap)
        } catch {
            await stop()
            throw error
        }
    }

    /// Connects to the bootstrap peers; one that answers is enough.
    private func join(_ dht: KademliaDHT, through bootstrap: [Multiaddr]) async throws {
        let host = host
        let failures = await withTaskGroup(of: (any Error)?.self) { group in
            for address in bootstrap {
                group.addTask {
                    do {
                        let connection =
                            if let peer = address.peerID {
                                try await host.connect(to: peer, at: [address])
                            } else {
                                try await host.dial(address, expecting: nil)
                            }
                        _ = try await self.identify.identify(connection)
                        return nil
                    } catch {
                        return error
                    }
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        let errors = failures.compactMap { $0 }
        guard errors.count < bootstrap.count else {
            throw NodeError(.failed, "None of the bootstrap peers answers", cause: errors.first)
        }
        try await dht.start()
        // The table takes a peer in when it has answered a question; then a lookup has whom to begin with.
        for _ in 0..<Self.joinChecks where dht.table.count == 0 { try await host.home.sleep(for: Self.joinPause) }
        guard dht.table.count > 0 else {
            throw NodeError(.failed, "None of the bootstrap peers serves \(dht.configuration.protocolID)")
        }
    }

    /// How often the table is looked at while joining, and how long between; 10 s together.
    private static let joinChecks = 1000
    private static let joinPause = Duration.milliseconds(10)

    /// Connects to a peer and learns what it is.
    ///
    /// - Parameter address: where it is; with its id, if the right peer is to be made sure of.
    /// - Throws: `NetworkError`.
    public func connect(to address: Multiaddr) async throws -> (connection: Connection, description: PeerDescription) {
        let connection = try await host.dial(address, expecting: address.peerID)
        return (connection, try await identify.identify(connection))
    }

    /// Measures a round trip to a connected peer.
    ///
    /// - Throws: `NetworkError`.
    public func ping(_ connection: Connection, timeout: Duration = .seconds(10)) async throws -> Duration {
        try await Ping.roundTrip(on: connection, random: host.random, timeout: timeout)
    }

    /// Closes all connections and ends the client's threads.
    public func stop() async {
        await table?.stop()
        await host.close()
        await resolver.shutdown()
        try? await group.shutdownGracefully()
    }
}
