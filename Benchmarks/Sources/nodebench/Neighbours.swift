import LibP2PBasics
import LibP2PCore
import LibP2PHost
import LibP2PIdentity
import LibP2PKademlia
import LibP2PMuxers
import LibP2PSecurity
import LibP2PTransports
import Multiformats
import NIOPosix

/// DHT servers on loopback which fill the routing table of the server under measurement, so that answers are full.
struct Neighbours {
    private let hosts: [Host]
    private let services: [IdentifyService]
    private let tables: [KademliaDHT]

    static func join(_ server: Server, count: Int) async throws -> Neighbours {
        let loops = LoopGroup(MultiThreadedEventLoopGroup.singleton)
        var hosts: [Host] = []
        var services: [IdentifyService] = []
        var tables: [KademliaDHT] = []
        for _ in 0..<count {
            let identity = try PrivateKey.generate()
            var configuration = HostConfiguration()
            configuration.allowsPrivateAddresses = true
            configuration.limits.onPrivateAddresses = []
            let host = Host(
                identity: identity, loops: loops, transports: [TCPTransport()],
                securities: [try Noise(identity: identity)], muxers: [Yamux()], configuration: configuration)
            try await host.listen(on: Multiaddr("/ip4/127.0.0.1/tcp/0"))
            let identify = IdentifyService(network: host, agentVersion: "nodebench/1.0")
            identify.start()
            let table = KademliaDHT(KademliaConfiguration(bootstrap: [server.address]), network: host)
            try await table.start()
            hosts.append(host)
            services.append(identify)
            tables.append(table)
        }
        // The server takes a peer in when it has identified and asked it: ask until its answers are full.
        for _ in 0..<200 {
            var probe = Figures()
            try await measureFindNode(server, streams: 1, seconds: 0.05, into: &probe)
            if probe.findNodeAnswer > 900 { break }
            try await loops.executors[0].sleep(for: .milliseconds(50))
        }
        return Neighbours(hosts: hosts, services: services, tables: tables)
    }

    func leave() async {
        for table in tables { await table.stop() }
        for host in hosts { await host.close() }
    }
}
