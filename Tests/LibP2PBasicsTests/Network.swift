import LibP2PCore
import LibP2PHost
import LibP2PIdentity
import LibP2PTesting
import Multiformats
import Testing

@testable import LibP2PBasics

extension Simulation {
    /// A host that listens on an IP address of the simulated network.
    func makeHost(_ ip: String, configuration: HostConfiguration = HostConfiguration()) throws -> Host {
        let identity = try makeIdentity()
        let address = try #require(IPAddress(ip))
        let host = Host(
            identity: identity, loops: loops,
            transports: [network.transport(for: identity.publicKey, host: address)],
            configuration: configuration, clock: clock, random: random)
        _ = try perform { try await host.listen(on: .ip(address, tcp: 4001)) }
        return host
    }

    /// Connects two hosts.
    func connect(_ dialer: Host, _ listener: Host) throws -> Connection {
        try perform { try await dialer.connect(to: listener.localPeer, at: listener.listenAddresses) }
    }
}
