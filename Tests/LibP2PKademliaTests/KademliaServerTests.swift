import LibP2PCore
import LibP2PHost
import LibP2PIdentity
import LibP2PTesting
import Multiformats
import NIOCore
import Testing
import Wire

@testable import LibP2PKademlia

/// What a peer sees of the server, over a stream.
@Suite struct KademliaServerTests {
    /// A server and a peer that is connected to it, without the DHT's own client in between.
    private struct Pair {
        let swarm: Swarm
        let server: Swarm.Node
        let peer: Swarm.Node

        init(
            _ simulation: Simulation, allowsPrivate: Bool = false,
            _ adjust: (inout KademliaConfiguration) -> Void = { _ in }
        ) throws {
            swarm = Swarm(simulation)
            server = try swarm.makeNode(allowsPrivate: allowsPrivate, adjust)
            // The identity of the vectors' sender.
            let key = try PrivateKey(ed25519Seed: KademliaServerTests.senderSeed())
            peer = try swarm.makeNode(bootstrap: [server], identity: key)
            swarm.pass(.seconds(5))
        }

        /// Sends requests on one stream and reads what comes back until the server says no more.
        func exchange(_ requests: [[UInt8]], answers: Int) throws -> [KademliaMessage] {
            let (host, id) = (peer.host, server.id)
            return try swarm.simulation.perform {
                try await host.withStream(to: id, ["/ipfs/kad/1.0.0"], timeout: .seconds(20)) { stream in
                    for request in requests {
                        var frame = ByteBuffer()
                        frame.writeDelimited(request)
                        try await stream.write(frame)
                    }
                    var read: [KademliaMessage] = []
                    while read.count < answers {
                        guard let answer = try await stream.message(KademliaMessage.self, max: 4 << 20) else { break }
                        read.append(answer)
                    }
                    return read
                }
            }
        }

        func exchange(_ requests: [KademliaMessage], answers: Int? = nil) throws -> [KademliaMessage] {
            try exchange(requests.map { $0.protobufBytes() }, answers: answers ?? requests.count)
        }
    }

    /// The seed of the key that the vectors call the sender of ADD_PROVIDER.
    private static func senderSeed() throws -> [UInt8] {
        let record = try #require(try TestVectors.values("signed-envelopes")["peer_record"] as? [String: Any])
        return try #require(bytes(hex: record["private_seed_hex"] as? String))
    }

    private static func expectReset(_ pair: Pair, _ requests: [[UInt8]], _ name: String = "") {
        #expect(throws: NetworkError(.reset, ""), "\(name)") { try pair.exchange(requests, answers: 1) }
    }

    @Test func addProviderIsStoredWithoutAnAnswer() throws {
        try Simulation.run { simulation in
            // The addresses of the vectors are of the blocks for documentation.
            let pair = try Pair(simulation, allowsPrivate: true)
            let vector = try KademliaMessageTests.message("add_provider")
            #expect(
                pair.peer.id.description == (try TestVectors.values("kad-dht")["sender_of_add_provider"] as? String))
            let question = KademliaMessage(.getProviders, key: vector.message.key)
            let answers = try pair.exchange([vector.bytes, question.protobufBytes()], answers: 1)
            // The first thing that comes back answers the second request.
            #expect(answers.map(\.kind) == [.getProviders])
            #expect(answers[0].key == vector.message.key)
            #expect(answers[0].providerPeers.map(\.id) == [pair.peer.id])
            #expect(pair.server.dht.records.providerCount == 1)
        }
    }

    @Test func providersSpeakForThemselvesOnly() throws {
        try Simulation.run { simulation in
            let pair = try Pair(simulation)
            Self.expectReset(pair, [try KademliaMessageTests.message("add_provider_wrong_peer").bytes])
            let silent = KademliaMessage(
                .addProvider, key: [1], providerPeers: [.init(id: pair.peer.id, addresses: [])])
            Self.expectReset(pair, [silent.protobufBytes()])
            #expect(pair.server.dht.records.providerCount == 0)
        }
    }

    @Test(arguments: ["put_value_ipns", "put_value_pk"]) func goodValuesAreEchoedAndKept(name: String) throws {
        try Simulation.run { simulation in
            let pair = try Pair(simulation)
            let vector = try KademliaMessageTests.message(name)
            let question = KademliaMessage(.getValue, key: vector.message.key)
            let answers = try pair.exchange([vector.bytes, question.protobufBytes()], answers: 2)
            #expect(answers[0] == vector.message)
            #expect(answers[1].record?.value == vector.message.record?.value)
            #expect(answers[1].record?.timeReceived?.hasPrefix("2026-01-01T00:00:0") == true)
            // The same again is as good as new.
            #expect(try pair.exchange([vector.bytes], answers: 1) == [vector.message])
        }
    }

    @Test(arguments: ["put_value_pk_wrong_key", "put_value_other_namespace", "put_value_key_mismatch"])
    func badValuesResetTheStream(name: String) throws {
        try Simulation.run { simulation in
            let pair = try Pair(simulation)
            Self.expectReset(pair, [try KademliaMessageTests.message(name).bytes])
            #expect(pair.server.dht.records.valueCount == 0)
        }
    }

    @Test func anOpenNamespaceTakesItsValues() throws {
        try Simulation.run { simulation in
            let pair = try Pair(simulation) { $0.openNamespaces = ["foo"] }
            let vector = try KademliaMessageTests.message("put_value_other_namespace")
            #expect(try pair.exchange([vector.bytes], answers: 1) == [vector.message])
        }
    }

    @Test func requestsAreAnsweredInOrder() throws {
        try Simulation.run { simulation in
            let pair = try Pair(simulation)
            let requests = (UInt8(0)..<50).map { KademliaMessage(.getValue, key: [$0], clusterLevel: Int32($0)) }
            let answers = try pair.exchange(requests)
            #expect(answers.map(\.key) == requests.map(\.key))
            #expect(answers.map(\.clusterLevel) == requests.map(\.clusterLevel))
            #expect(try pair.exchange([KademliaMessage(.ping)]) == [KademliaMessage(.ping)])
            #expect(pair.server.dht.statistics.requests(.getValue) == 50)
        }
    }

    @Test func findNodeNamesTheTargetFirst() throws {
        try Simulation.run { simulation in
            let pair = try Pair(simulation)
            let other = try pair.swarm.makeNode(bootstrap: [pair.server])
            pair.swarm.pass(.seconds(10))
            func ask(_ key: [UInt8]) throws -> [KademliaMessage.Peer] {
                let answer = try pair.exchange([KademliaMessage(.findNode, key: key)])
                #expect(answer.first?.key == [])
                return answer.first?.closerPeers ?? []
            }
            // go-libp2p takes a server into its table only if it knows at least itself.
            let itself = try ask(pair.server.id.bytes)
            #expect(itself.map(\.id) == [pair.server.id, other.id])
            #expect(itself[0].addresses == [pair.server.address])
            #expect(itself[0].connection == .connected)
            #expect(try ask(pair.peer.id.bytes).map(\.id) == [pair.peer.id, other.id])
            #expect(try ask(other.id.bytes).map(\.id) == [other.id])
            #expect(try ask([1, 2, 3]).map(\.id) == [other.id])
        }
    }

    @Test func brokenRequestsResetTheStream() throws {
        try Simulation.run { simulation in
            let pair = try Pair(simulation)
            let long = [UInt8](repeating: 1, count: 81)
            for (name, request) in [
                ("no key", KademliaMessage(.findNode)), ("no provider key", KademliaMessage(.getProviders)),
                ("long provider key", KademliaMessage(.getProviders, key: long)),
                ("long key to add", KademliaMessage(.addProvider, key: long)),
                ("no record", KademliaMessage(.putValue, key: [1])),
            ] {
                Self.expectReset(pair, [request.protobufBytes()], name)
            }
            Self.expectReset(pair, [[0x08, 0x07]], "unknown kind")
            Self.expectReset(pair, [[0xff, 0xff, 0xff]], "no protobuf")
            // A stream that was reset harms no other.
            #expect(try pair.exchange([KademliaMessage(.ping)]).count == 1)
        }
    }

    @Test func oversizeFramesAndIdleStreamsAreReset() throws {
        try Simulation.run { simulation in
            let pair = try Pair(simulation)
            let (host, id) = (pair.peer.host, pair.server.id)
            #expect(throws: NetworkError(.reset, "")) {
                try simulation.perform {
                    try await host.withStream(to: id, ["/ipfs/kad/1.0.0"]) { stream in
                        try await stream.write(Varint.encode(UInt64(4 << 20 + 1)))
                        _ = try await stream.message(KademliaMessage.self, max: 100)
                    }
                }
            }
            let before = simulation.clock.now
            #expect(throws: NetworkError(.reset, "")) {
                try simulation.perform {
                    try await host.withStream(to: id, ["/ipfs/kad/1.0.0"]) { stream in
                        try await stream.write(message: KademliaMessage(.ping))
                        _ = try await stream.message(KademliaMessage.self, max: 100)
                        _ = try await stream.message(KademliaMessage.self, max: 100)
                    }
                }
            }
            let waited = simulation.clock.now - before
            #expect(waited >= .seconds(60))
            #expect(waited < .seconds(65))
        }
    }

    @Test func privateAddressesAreNotPassedOn() throws {
        try Simulation.run { simulation in
            let pair = try Pair(simulation)
            func provide(_ addresses: [String]) throws -> [KademliaMessage.Peer] {
                let own = KademliaMessage.Peer(id: pair.peer.id, addresses: try addresses.map { try Multiaddr($0) })
                let answers = try pair.exchange(
                    [
                        KademliaMessage(.addProvider, key: [9], providerPeers: [own]),
                        KademliaMessage(.getProviders, key: [9]),
                    ], answers: 1)
                return answers.first?.providerPeers ?? []
            }
            let mixed = try provide(["/ip4/10.0.0.1/tcp/1", "/ip4/1.2.3.4/tcp/1", "/ip4/127.0.0.1/tcp/1"])
            #expect(mixed.map { $0.addresses.map(\.description) } == [["/ip4/1.2.3.4/tcp/1"]])
            #expect(try provide(["/ip4/10.0.0.1/tcp/1"]).isEmpty)
        }
    }

    @Test func clientsOf2020GetWhatTheyCanRead() throws {
        try Simulation.run { simulation in
            let swarm = Swarm(simulation)
            let server = try swarm.makeNode()
            let old = try swarm.makeNode(bootstrap: [server], mode: .client, agent: "js-libp2p/0.29.3")
            let new = try swarm.makeNode(bootstrap: [server], mode: .client)
            swarm.pass(.seconds(5))
            let readable = try Multiaddr("/dns4/example.com/tcp/443/wss")
            let modern = try Multiaddr("/ip4/1.2.3.4/udp/4001/quic-v1")
            let stranger = try PeerID(bytes: [0x12, 0x20] + [UInt8](repeating: 7, count: 32))
            server.host.peerStore.add([readable, modern], of: stranger, lifetime: .permanent)
            func ask(_ node: Swarm.Node) throws -> Set<Multiaddr> {
                let answer = try simulation.perform {
                    try await node.dht.client.request(
                        KademliaMessage(.findNode, key: stranger.bytes), to: server.id, at: [])
                }
                return Set(answer.closerPeers.first?.addresses ?? [])
            }
            #expect(try ask(old) == [readable])
            #expect(try ask(new) == [readable, modern])
        }
    }
}
