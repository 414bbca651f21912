import LibP2PCore
import LibP2PIdentity
import LibP2PTesting
import LibP2PTransports
import Multiformats
import NIOCore

@testable import LibP2PHost

/// Hosts on the simulated network.
struct World {
    let simulation: Simulation

    func host(_ change: (inout HostConfiguration) -> Void = { _ in }) throws -> Host {
        var configuration = HostConfiguration()
        change(&configuration)
        let identity = try simulation.makeIdentity()
        let host = Host(
            identity: identity, loops: simulation.loops,
            transports: [simulation.network.transport(for: identity.publicKey)], configuration: configuration,
            clock: simulation.clock, random: simulation.random)
        _ = try simulation.perform { try await host.listen(on: Multiaddr("/memory/0")) }
        return host
    }

    @discardableResult
    func connect(_ from: Host, _ to: Host) throws -> Connection {
        let addresses = to.listenAddresses
        return try simulation.perform { try await from.connect(to: to.localPeer, at: addresses) }
    }

    func close(_ connection: Connection) throws {
        try simulation.perform { await connection.close() }
        settle()
    }

    /// Lets what is under way arrive.
    func settle() { simulation.loop.advance(by: .seconds(2)) }
}
