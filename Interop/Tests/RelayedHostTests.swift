import LibP2PBasics
import LibP2PCore
import LibP2PHost
import LibP2PIdentity
import LibP2PMuxers
import LibP2PRelay
import LibP2PSecurity
import LibP2PTransports
import Multiformats
import NIOCore
import NIOPosix
import Testing

extension RealPeers {
    /// Our library's side of circuits: hosts that nobody can dial, and those that dial through relays, with go-libp2p in
    /// the other places.
    @Suite(.timeLimit(.minutes(4)))
    struct RelayedHostTests {
        private static let content = Junk(seed: 17).bytes(16 << 20)

        @Test func aDaemonReachesOurHostThroughOurNode() async throws {
            try await Lab.open { lab in
                let node = try await lab.node(RelayTests.unlimited)
                let hidden = try OwnHost()
                let circuit = try await hidden.listen(behind: try node.address())
                let dialer = try await lab.daemon(mode: "-dhtClient")
                try await dialer.connect(hidden.id.bytes, [circuit.bytes])
                let stream = try await dialer.openStream(hidden.id.bytes, [OwnEcho.protocolID.name])
                async let sent: Void = stream.write(Self.content)
                #expect(try await stream.read(exactly: Self.content.count) == Self.content)
                try await sent
                try await hidden.close()
            }
        }

        @Test func ourHostReachesADaemonThroughOurNode() async throws {
            try await Lab.open { lab in
                let node = try await lab.node()
                let hidden = try await lab.hiddenDaemon(behind: node)
                let caller = try OwnHost()
                let connection = try await caller.dial(PeerID(hidden.id), through: try node.address())
                #expect(connection.isLimited)
                #expect(try await Ping.roundTrip(on: connection, random: RandomSource()) > .zero)
                try await caller.close()
            }
        }

        /// go-libp2p relays with limits of its own, 128 KiB in each direction, and tells private addresses to nobody.
        @Test func ourHostsMeetBehindADaemon() async throws {
            try await Lab.open { lab in
                let relay = try await lab.daemon(mode: "-dhtClient", ["-forceReachabilityPublic"])
                let (hidden, caller) = (try OwnHost(), try OwnHost())
                let circuit = try await hidden.listen(behind: try relay.address())
                #expect(circuit == (try Multiaddr(relay.address()).encapsulating(.p2pCircuit)))
                let connection = try await caller.dial(hidden.id, through: try relay.address())
                #expect(connection.isLimited)
                #expect(try await OwnEcho.echoes(Array(Self.content.prefix(64 << 10)), on: connection))
                try await caller.close()
                try await hidden.close()
            }
        }
    }
}

/// One of our hosts within the test, without a listener of its own.
struct OwnHost {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
    let host: Host
    private let identify: IdentifyService

    init() throws {
        let identity = try PrivateKey.generate()
        var configuration = HostConfiguration()
        configuration.allowsPrivateAddresses = true
        host = Host(
            identity: identity, loops: LoopGroup(group), transports: [TCPTransport()],
            securities: [try Noise(identity: identity), try TLS(identity: identity)], muxers: [Yamux()],
            configuration: configuration)
        host.add(RelayTransport(network: host, version1: Version1Service(network: host)))
        identify = IdentifyService(network: host, agentVersion: "interop")
        identify.start()
        host.serve(PingService())
        host.serve(OwnEcho())
    }

    var id: PeerID { host.localPeer }

    /// - Returns: where the host can be reached then.
    func listen(behind relay: String) async throws -> Multiaddr {
        let listener = try await host.listen(on: Multiaddr(relay).encapsulating(.p2pCircuit))
        return try #require(listener.addresses.first)
    }

    func dial(_ peer: PeerID, through relay: String) async throws -> Connection {
        let circuit = try Multiaddr(relay).encapsulating(.p2pCircuit)
        return try await host.connect(to: peer, at: [circuit.withPeerID(peer)])
    }

    func close() async throws {
        await host.close()
        try await group.shutdownGracefully()
    }
}

/// Sends back what comes, also on limited connections.
private struct OwnEcho: StreamHandler {
    static let protocolID: ProtocolID = "/interop/relayed-echo"
    let protocols = [protocolID]
    let limits = StreamLimits(allowsLimitedConnections: true)

    func handle(_ stream: LibP2PCore.Stream) async throws {
        while let bytes = try await stream.read() { try await stream.write(bytes) }
    }

    /// Sends bytes in blocks, each as soon as the one before is back.
    static func echoes(_ content: [UInt8], on connection: Connection) async throws -> Bool {
        try await connection.withStream([protocolID], allowsLimited: true) { stream in
            let block = 128 * 1024
            for start in stride(from: 0, to: content.count, by: block) {
                let part = Array(content[start..<min(start + block, content.count)])
                try await stream.write(part)
                let back = try await stream.read(exactly: part.count)
                guard back.map({ Array($0.readableBytesView) }) == part else { return false }
            }
            return true
        }
    }
}
