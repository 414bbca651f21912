import LibP2PCore
import LibP2PIdentity
import LibP2PTesting
import Multiformats
import NIOCore
import Testing
import Wire

@testable import LibP2PPubSub

struct MessageTests {
    private func read(_ text: String) throws -> RPC {
        var frame = ByteBuffer(bytes: try hex(text))
        return try #require(try frame.readDelimited(RPC.self, max: RPC.Limits.length))
    }

    private func check(_ text: String, _ rpc: RPC) throws {
        #expect(Array(rpc.frame().readableBytesView) == (try hex(text)))
        #expect(try read(text) == rpc)
    }

    @Test func readsAndWritesTheVectors() throws {
        let vectors = try PubSubVectors.load()
        let topic = vectors.topic
        let id = MessageID(bytes: try hex(vectors.message_id_hex))
        #expect(topic == PeerDiscoveryMessage.topic)
        try check(vectors.rpc_subscribe, RPC(subscriptions: [.init(topic: topic, isWanted: true)]))
        try check(vectors.rpc_unsubscribe, RPC(subscriptions: [.init(topic: topic, isWanted: false)]))
        try check(vectors.control_graft, RPC(control: .init(graft: [topic])))
        try check(vectors.control_prune_v1_0, RPC(control: .init(prune: [.init(topic: topic)])))
        try check(vectors.control_prune_backoff_60, RPC(control: .init(prune: [.init(topic: topic, backoff: 60)])))
        try check(vectors.control_ihave, RPC(control: .init(iHave: [.init(topic: topic, ids: [id])])))
        try check(vectors.control_iwant, RPC(control: .init(iWant: [id])))
        try check(vectors.control_idontwant, RPC(control: .init(iDontWant: [id])))
        for text in vectors.rpcs { #expect(Array(try read(text).frame().readableBytesView) == (try hex(text))) }
    }

    @Test func signsAndVerifiesTheVectors() throws {
        let vectors = try PubSubVectors.load()
        let key = try exampleKey()
        let inlined = try #require(try read(vectors.rpc_publish_signed_key_inlined).messages.first)
        #expect(inlined.signedBytes == (try hex(vectors.signed_bytes_hex)))
        #expect(inlined.id?.bytes == (try hex(vectors.message_id_hex)))
        #expect(try inlined.verifiedAuthor() == key.peerID)
        let data = try hex(vectors.peer_discovery_payload_hex)
        #expect(try WireMessage.sealed(data, topic: vectors.topic, sequence: 1, by: key) == inlined)
        // Programs of 2020 send the key, which is not signed, even if the id holds it.
        let withKey = try #require(try read(vectors.rpc_publish_signed_with_key_field).messages.first)
        #expect(withKey.key == key.publicKey.protobuf)
        #expect(try withKey.verifiedAuthor() == key.peerID)
        var keyless = withKey
        keyless.key = nil
        #expect(try keyless.verifiedAuthor() == key.peerID)
    }

    @Test func refusesWhatIsNotSignedByItsAuthor() throws {
        let vectors = try PubSubVectors.load()
        for rejected in vectors.must_reject {
            let message = try #require(try read(rejected.rpc_hex).messages.first)
            #expect(throws: PubSubError(.invalidMessage, ""), "\(rejected.why)") { try message.verifiedAuthor() }
        }
        let good = try #require(try read(vectors.rpc_publish_signed_with_key_field).messages.first)
        let other = try key(1)
        let changes: [(inout WireMessage) throws -> Void] = [
            { $0.key = other.publicKey.protobuf }, { $0.key = [1, 2, 3] }, { $0.author = other.peerID.bytes },
            { $0.author = nil }, { $0.sequence = nil }, { $0.sequence = [1] }, { $0.signature = nil },
            { $0.signature = [] }, { $0.data = nil }, { $0.topics = ["other"] }, { $0.author = [0x00, 0x01, 0x02] },
        ]
        for change in changes {
            var message = good
            try change(&message)
            #expect(throws: PubSubError(.invalidMessage, "")) { try message.verifiedAuthor() }
        }
    }

    /// The id of an RSA key does not hold it, so it must be sent along.
    @Test func sendsAKeyThatTheAuthorDoesNotHold() throws {
        let rsa = try PrivateKey.generate(.rsa)
        var message = try WireMessage.sealed([1, 2], topic: "t", sequence: 7, by: rsa)
        #expect(message.key == rsa.publicKey.protobuf)
        #expect(try message.verifiedAuthor() == rsa.peerID)
        message.key = nil
        #expect(throws: PubSubError(.invalidMessage, "")) { try message.verifiedAuthor() }
    }

    /// Whatever form a message came in, it is sent on as it was signed.
    @Test func writesMessagesInOneForm() throws {
        let message = try WireMessage.sealed([1, 2], topic: "t", sequence: 7, by: try key(1))
        var writer = ProtobufWriter()
        writer.bytes(5, try #require(message.signature))
        writer.string(4, "t")
        writer.bytes(99, [1, 2, 3])
        writer.bytes(3, try #require(message.sequence))
        writer.bytes(2, [1, 2])
        writer.bytes(1, try #require(message.author))
        let shuffled = try WireMessage(protobuf: writer.finish())
        #expect(try shuffled.verifiedAuthor() == key(1).peerID)
        #expect(shuffled.protobufBytes() == message.protobufBytes())
    }

    @Test func moreThanOneTopicIsNone() throws {
        var message = try WireMessage.sealed([1], topic: "a", sequence: 1, by: try key(1))
        #expect(message.topic == "a")
        message.topics = ["a", "b"]
        #expect(try WireMessage(protobuf: message.protobufBytes()).topic == nil)
        message.topics = []
        #expect(message.topic == nil)
    }

    @Test func listsAreBounded() throws {
        var control = ControlMessage()
        control.iHave = [
            .init(topic: "t", ids: (0..<6_000).map { MessageID(bytes: [UInt8($0 >> 8), UInt8($0 & 0xff)]) })
        ]
        control.iWant = control.iHave[0].ids
        control.iDontWant = control.iHave[0].ids + [MessageID(bytes: [UInt8](repeating: 1, count: 300))]
        control.graft = [String](repeating: "t", count: 3_000)
        control.prune = [.init(topic: "t", peers: [.init(id: [1])], backoff: 1)]
        let rpc = RPC(
            subscriptions: (0..<3_000).map { .init(topic: "\($0)", isWanted: true) }, control: control)
        let read = try RPC(protobuf: rpc.protobufBytes())
        #expect(read.subscriptions.count == RPC.Limits.subscriptions)
        #expect(read.control.iHave.map(\.ids.count) == [RPC.Limits.ids])
        #expect(read.control.iWant.count == RPC.Limits.ids)
        #expect(read.control.iDontWant.count == RPC.Limits.ids)
        #expect(read.control.graft.count == RPC.Limits.topicChanges)
        #expect(read.control.prune == control.prune)
    }

    @Test(arguments: 0..<16 as Range<UInt64>)
    func survivesHostileBytes(seed: UInt64) throws {
        let vectors = try PubSubVectors.load()
        for text in vectors.rpcs + [vectors.peer_discovery_payload_2020_to_2022_hex] {
            let valid = Array(try hex(text).dropFirst(text.count > 254 ? 2 : 1))
            for bytes in mutants(of: valid, seed: seed, count: 8) {
                _ = try? PeerDiscoveryMessage(payload: bytes)
                guard let rpc = try? RPC(protobuf: bytes) else { continue }
                #expect(try RPC(protobuf: rpc.protobufBytes()) == rpc)
                for message in rpc.messages { _ = try? message.verifiedAuthor() }
            }
        }
    }
}

struct PeerDiscoveryMessageTests {
    @Test func readsAndWritesBothForms() throws {
        let vectors = try PubSubVectors.load()
        let addresses = [
            try Multiaddr("/ip4/192.0.2.1/tcp/4001"), try Multiaddr("/ip4/192.0.2.1/tcp/443/tls/sni/example.com/ws"),
        ]
        let key = try exampleKey().publicKey
        for (form, text) in [
            (PeerDiscoveryMessage.Form.current, vectors.peer_discovery_payload_hex),
            (.before2022, vectors.peer_discovery_payload_2020_to_2022_hex),
        ] {
            let message = PeerDiscoveryMessage(publicKey: key, addresses: addresses, form: form)
            #expect(message.payload == (try hex(text)))
            #expect(try PeerDiscoveryMessage(payload: try hex(text)) == message)
        }
    }

    @Test func refusesWhatIsNeither() throws {
        for payload in [[], [1, 2, 3], [0x0a, 0x01, 0xff], [0x02, 0x00], [UInt8](repeating: 0, count: 20_000)] {
            #expect(throws: PubSubError(.invalidPeerDiscovery, "")) { try PeerDiscoveryMessage(payload: payload) }
        }
    }
}
