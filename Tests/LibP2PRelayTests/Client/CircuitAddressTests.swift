import LibP2PCore
import LibP2PHost
import LibP2PIdentity
import LibP2PTesting
import Multiformats
import Testing

@testable import LibP2PRelay

struct CircuitAddressTests {
    @Test func isTakenApart() throws {
        let (relay, target) = (try peer(1), try peer(2))
        let address = try Multiaddr("/ip4/192.0.2.1/tcp/4001/p2p/\(relay)/p2p-circuit/p2p/\(target)")
        let circuit = try CircuitAddress(address)
        #expect(circuit.relay == relay)
        #expect(circuit.relayAddress == (try Multiaddr("/ip4/192.0.2.1/tcp/4001")))
        #expect(circuit.target == target)
        let named = try CircuitAddress(try Multiaddr("/p2p/\(relay)/p2p-circuit"))
        #expect(named.relayAddresses.isEmpty && named.target == nil)
    }

    @Test(arguments: [
        "/ip4/192.0.2.1/tcp/4001", "/ip4/192.0.2.1/tcp/4001/p2p-circuit", "/p2p-circuit", "/p2p-circuit/p2p/B",
        "/p2p/A/p2p-circuit/p2p/B/p2p-circuit/p2p/C", "/p2p/A/p2p-circuit/p2p-circuit/p2p/C",
        "/p2p/A/p2p-circuit/ip4/192.0.2.1/tcp/1/p2p/B", "/p2p/A/ip4/192.0.2.1/p2p-circuit/p2p/B",
    ])
    func refusesWhatLeadsThroughNoOrSeveralRelays(text: String) throws {
        let named = try text.replacing("/A", with: "/\(peer(1))").replacing("/B", with: "/\(peer(2))")
            .replacing("/C", with: "/\(peer(3))")
        let address = try Multiaddr(named)
        #expect(throws: NetworkError(.unsupportedAddress, "")) { try CircuitAddress(address) }
        try Simulation.run { simulation in
            let machine = try RelayedWorld(simulation: simulation).machine("8.8.8.1")
            #expect(!machine.transport.canDial(address))
            #expect(!machine.transport.canListen(on: address))
            guard address.isCircuit else { return }
            let target = try peer(3)
            #expect(throws: NetworkError(.unsupportedAddress, "")) {
                try simulation.perform { try await machine.host.dial(address, expecting: target) }
            }
        }
    }
}
