import LibP2PCore
import LibP2PHost
import LibP2PIdentity
import LibP2PTesting
import Multiformats
import NIOCore
import Testing

@testable import LibP2PBasics

struct IdentifyServiceTests {
    private func start(_ host: Host, agent: String) -> IdentifyService {
        let service = IdentifyService(network: host, agentVersion: agent)
        service.start()
        return service
    }

    @Test func peersLearnWhatTheOtherIs() throws {
        try Simulation.run { simulation in
            let first = try simulation.makeHost("8.8.8.1")
            let second = try simulation.makeHost("8.8.8.2")
            let services = [start(first, agent: "first/1"), start(second, agent: "second/2")]
            second.serve(PingService())
            _ = try simulation.connect(first, second)
            simulation.loop.advance(by: .seconds(5))

            let told = try #require(first.peerStore.description(of: second.localPeer))
            #expect(told.agentVersion == "second/2")
            #expect(told.protocolVersion == "ipfs/0.1.0")
            #expect(
                told.protocols.map(\.name) == ["/ipfs/id/1.0.0", "/ipfs/id/push/1.0.0", "/ipfs/ping/1.0.0"])
            #expect(told.addresses == [try Multiaddr("/ip4/8.8.8.2/tcp/4001")])
            let envelope = try #require(told.signedPeerRecord)
            #expect(try PeerRecord(opening: envelope).peerID == second.localPeer)
            #expect(second.peerStore.description(of: first.localPeer)?.agentVersion == "first/1")
            withExtendedLifetime(services) {}
        }
    }

    @Test func changesArePushed() throws {
        try Simulation.run { simulation in
            let first = try simulation.makeHost("8.8.8.1")
            let second = try simulation.makeHost("8.8.8.2")
            let services = [start(first, agent: "first"), start(second, agent: "second")]
            _ = try simulation.connect(first, second)
            simulation.loop.advance(by: .seconds(5))
            second.serve(PingService())
            second.serve(TestNode.Handler("/example/1") { _ in })
            simulation.loop.advance(by: .seconds(5))
            let told = first.peerStore.description(of: second.localPeer)
            #expect(told?.protocols.contains(Ping.protocolID) == true)
            #expect(told?.protocols.contains("/example/1") == true)
            #expect(told?.agentVersion == "second")
            withExtendedLifetime(services) {}
        }
    }

    @Test func advertisedNamesArePushedInWordsThatThePeerKnows() throws {
        try Simulation.run { simulation in
            let node = try simulation.makeHost("8.8.8.1")
            let old = try simulation.makeHost("8.8.8.2")
            let current = try simulation.makeHost("8.8.8.3")
            let services = [
                start(node, agent: "waystation/1"), start(old, agent: "js-libp2p/0.29.4"),
                start(current, agent: "go-libp2p/0.32"),
            ]
            _ = try simulation.connect(old, node)
            _ = try simulation.connect(current, node)
            simulation.loop.advance(by: .seconds(5))
            let plain = try Multiaddr("/ip4/8.8.8.1/tcp/4001")
            let both = try ["wss", "tls/ws"].map { try Multiaddr("/dns4/node.waystation.org/tcp/443/\($0)") }
            var advertisement = Advertisement()
            advertisement.addresses = both
            node.advertisement = advertisement
            simulation.loop.advance(by: .seconds(5))
            #expect(old.peerStore.description(of: node.localPeer)?.addresses == [both[0], plain])
            #expect(current.peerStore.description(of: node.localPeer)?.addresses == both + [plain])

            node.advertisement = Advertisement()
            simulation.loop.advance(by: .seconds(5))
            #expect(old.peerStore.description(of: node.localPeer)?.addresses == [plain])
            #expect(current.peerStore.description(of: node.localPeer)?.addresses == [plain])
            withExtendedLifetime(services) {}
        }
    }

    /// js-libp2p of 2020 loses all addresses when it meets one that it can't read.
    @Test func oldProgramsAreToldAgainInTheirWords() throws {
        try Simulation.run { simulation in
            var configuration = HostConfiguration()
            let plain = try Multiaddr("/ip4/8.8.8.1/tcp/4001")
            configuration.announcedAddresses = [plain, try Multiaddr("/dns4/example.com/tcp/443/tls/ws")]
            let modern = try simulation.makeHost("8.8.8.1", configuration: configuration)
            let old = try simulation.makeHost("8.8.8.2")
            let current = try simulation.makeHost("8.8.8.3")
            let services = [
                start(modern, agent: "waystation/1"), start(old, agent: "js-libp2p/0.29.4"),
                start(current, agent: "go-libp2p/0.32"),
            ]
            _ = try simulation.connect(old, modern)
            _ = try simulation.connect(current, modern)
            simulation.loop.advance(by: .seconds(5))
            #expect(old.peerStore.description(of: modern.localPeer)?.addresses == [plain])
            #expect(
                current.peerStore.description(of: modern.localPeer)?.addresses == configuration.announcedAddresses)
            withExtendedLifetime(services) {}
        }
    }

    @Test func splitMessagesAreMerged() throws {
        try Simulation.run { simulation in
            let asker = try simulation.makeHost("8.8.8.1")
            let wordy = try simulation.makeHost("8.8.8.2")
            let service = start(wordy, agent: "wordy")
            for index in 0..<120 { wordy.serve(TestNode.Handler(ProtocolID("/example/protocol/\(index)")) { _ in }) }
            let connection = try simulation.connect(asker, wordy)
            let asking = IdentifyService(network: asker, agentVersion: "asker")
            let told = try simulation.perform { try await asking.identify(connection) }
            #expect(told.protocols.count == 122)
            #expect(told.signedPeerRecord != nil)
            withExtendedLifetime(service) {}
        }
    }

    @Test(arguments: [0, 1, 10, 11])
    func acceptsUpToTenMessages(count: Int) throws {
        try Simulation.run { simulation in
            let asker = try simulation.makeHost("8.8.8.1")
            let other = try simulation.makeHost("8.8.8.2")
            other.serve(
                TestNode.Handler(IdentifyService.protocolID) { stream in
                    for index in 0..<count {
                        var part = IdentifyMessage()
                        part.protocols = ["/example/\(index)"]
                        try await stream.write(message: part)
                    }
                })
            let connection = try simulation.connect(asker, other)
            let asking = IdentifyService(network: asker, agentVersion: "asker")
            let work = simulation.begin { try await asking.identify(connection) }
            simulation.loop.advance(by: .seconds(10))
            if 1...10 ~= count {
                #expect(try work.get().protocols.count == count)
            } else {
                let expected = NetworkError(count == 0 ? .truncated : .tooLarge, "")
                #expect(throws: expected) { try work.get() }
            }
        }
    }

    @Test func givesUpOnASilentPeer() throws {
        try Simulation.run { simulation in
            let asker = try simulation.makeHost("8.8.8.1")
            let silent = try simulation.makeHost("8.8.8.2")
            silent.serve(
                TestNode.Handler(IdentifyService.protocolID) { stream in _ = try await stream.read() })
            let connection = try simulation.connect(asker, silent)
            let asking = IdentifyService(network: asker, agentVersion: "asker")
            let start = simulation.loop.now
            #expect(throws: NetworkError(.timeout, "")) {
                try simulation.perform { try await asking.identify(connection) }
            }
            #expect(simulation.loop.now - start < .seconds(6))
        }
    }
}
