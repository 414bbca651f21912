import LibP2PBasics
import LibP2PCore
package import LibP2PHost
import LibP2PIdentity
package import LibP2PKademlia
import LibP2PMuxers
import LibP2PSecurity
import LibP2PTransports
package import Multiformats
import NIOPosix

/// A peer of the network around a node under measurement: a DHT server on loopback, in the benchmark's process.
package struct Neighbour: Sendable {
    /// Its host.
    package let host: Host
    /// Its DHT.
    package let table: KademliaDHT
    private let identify: IdentifyService

    /// Makes a peer, joins the network and waits until it knows somebody there.
    ///
    /// - Parameter bootstrap: through whom.
    package static func join(_ bootstrap: [Multiaddr]) async throws -> Neighbour {
        let identity = try PrivateKey.generate()
        var configuration = HostConfiguration()
        configuration.allowsPrivateAddresses = true
        configuration.limits.onPrivateAddresses = []
        let host = Host(
            identity: identity, loops: LoopGroup(MultiThreadedEventLoopGroup.singleton), transports: [TCPTransport()],
            securities: [try Noise(identity: identity)], muxers: [Yamux()], configuration: configuration)
        try await host.listen(on: Multiaddr("/ip4/127.0.0.1/tcp/0"))
        let identify = IdentifyService(network: host, agentVersion: "benchmark/1.0")
        identify.start()
        let table = KademliaDHT(KademliaConfiguration(bootstrap: bootstrap), network: host)
        try await table.start()
        // Somebody must have answered before a peer can look around.
        while (try? await table.closestPeers(to: host.localPeer.bytes)) == nil {
            try await host.home.sleep(for: .milliseconds(20))
        }
        return Neighbour(host: host, table: table, identify: identify)
    }

    /// Leaves the network.
    package func leave() async {
        await table.stop()
        await host.close()
    }
}
