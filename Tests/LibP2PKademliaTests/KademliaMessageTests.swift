import LibP2PCore
import LibP2PIdentity
import LibP2PTesting
import Multiformats
import NIOCore
import Testing
import Wire

@testable import LibP2PKademlia

@Suite struct KademliaMessageTests {
    static func message(_ name: String) throws -> (bytes: [UInt8], message: KademliaMessage, type: Int) {
        let file = try TestVectors.values("kad-dht")
        let messages = try #require(file["messages"] as? [String: [String: Any]])
        let entry = try #require(messages[name])
        let delimited = try #require(bytes(hex: entry["delimited_hex"] as? String))
        var buffer = ByteBuffer(bytes: delimited)
        let body = try #require(try buffer.readDelimited(max: KademliaMessage.Limits.messageSize))
        #expect(buffer.readableBytes == 0)
        let type = try #require(entry["type"] as? Int)
        return (Array(body.readableBytesView), try KademliaMessage(protobuf: body), type)
    }

    static let names = [
        "find_node_request", "find_node_response", "get_providers_request", "get_providers_response", "add_provider",
        "add_provider_wrong_peer", "put_value_ipns", "get_value_request", "get_value_response", "ping",
        "put_value_pk", "put_value_pk_wrong_key", "put_value_other_namespace", "put_value_key_mismatch",
    ]

    @Test(arguments: names) func readsAndWritesTheVectors(name: String) throws {
        let (bytes, message, type) = try Self.message(name)
        #expect(Int(message.kind.rawValue) == type)
        #expect(message.protobufBytes() == bytes)
    }

    @Test func allVectorsAreCovered() throws {
        let file = try TestVectors.values("kad-dht")
        let messages = try #require(file["messages"] as? [String: Any])
        #expect(Set(messages.keys) == Set(Self.names))
    }

    @Test func readsPeersOfAnAnswer() throws {
        let (_, message, _) = try Self.message("find_node_response")
        #expect(message.closerPeers.count == 2)
        #expect(message.closerPeers[0].connection == .connected)
        #expect(
            message.closerPeers[0].addresses.map(\.description)
                == ["/ip4/192.0.2.1/tcp/4001", "/ip4/192.0.2.1/tcp/443/tls/sni/example.com/ws"])
    }

    @Test func skipsWhatOldRecordsHold() throws {
        let file = try TestVectors.values("kad-dht")
        let old = try #require(bytes(hex: file["record_2020_js_hex"] as? String))
        let record = try KademliaMessage.Record(protobuf: old)
        #expect(record.timeReceived == "2020-01-01T00:00:00Z")
        let (_, message, _) = try Self.message("put_value_ipns")
        #expect(record.key == message.record?.key)
        #expect(record.value == message.record?.value)
    }

    @Test func aMissingKindIsPutValue() throws {
        #expect(try KademliaMessage(protobuf: [UInt8]()).kind == .putValue)
        #expect(throws: KademliaError(.invalidMessage, "")) { try KademliaMessage(protobuf: [0x08, 0x06]) }
    }

    @Test func unreadablePeersAndAddressesAreSkipped() throws {
        var generator = SeededGenerator(seed: 1)
        let peer = try generator.peer()
        var writer = ProtobufWriter()
        writer.varint(1, 4)
        writer.message(8) { $0.bytes(1, [1, 2, 3]) }
        writer.message(8) {
            $0.bytes(1, peer.bytes)
            $0.bytes(2, [0xff, 0xff, 0x03])
            $0.bytes(2, [4, 192, 0, 2, 1, 6, 0x0f, 0xa1])
            $0.varint(3, 99)
        }
        let message = try KademliaMessage(protobuf: writer.finish())
        #expect(message.closerPeers.map(\.id) == [peer])
        #expect(message.closerPeers[0].addresses.map(\.description) == ["/ip4/192.0.2.1/tcp/4001"])
        #expect(message.closerPeers[0].connection == .notConnected)
    }

    @Test func countsAndLengthsAreBounded() throws {
        var generator = SeededGenerator(seed: 2)
        let peer = KademliaMessage.Peer(id: try generator.peer(), addresses: [])
        let many = KademliaMessage(.findNode, closerPeers: Array(repeating: peer, count: 500))
        #expect(try KademliaMessage(protobuf: many.serialized()).closerPeers.count == 64)
        let key = KademliaMessage(.findNode, key: [UInt8](repeating: 1, count: 1_025))
        #expect(throws: KademliaError(.invalidMessage, "")) { try KademliaMessage(protobuf: key.serialized()) }
        let value = KademliaMessage(
            .putValue, record: .init(key: [1], value: [UInt8](repeating: 1, count: 64 << 10 + 1)))
        #expect(throws: KademliaError(.invalidMessage, "")) { try KademliaMessage(protobuf: value.serialized()) }
    }

    @Test func aPeerIsTrimmedToItsSize() throws {
        var generator = SeededGenerator(seed: 3)
        let name = String(repeating: "a", count: 200)
        let addresses = try (0..<64).map { try Multiaddr("/dns/\(name)\($0)/tcp/4001") }
        let peer = KademliaMessage.Peer(id: try generator.peer(), addresses: addresses)
        let bytes = peer.protobufBytes()
        #expect(bytes.count <= 8 << 10)
        #expect(bytes.count > 7 << 10)
    }

    @Test(arguments: names) func damagedMessagesNeverTrap(name: String) throws {
        let (bytes, _, _) = try Self.message(name)
        var generator = SeededGenerator(seed: UInt64(bytes.count))
        for _ in 0..<500 {
            let damaged = generator.mutated(bytes)
            guard let message = try? KademliaMessage(protobuf: damaged) else { continue }
            #expect(try KademliaMessage(protobuf: message.serialized()) == message)
        }
    }

    @Test func knowsClientsOf2020() {
        for agent in ["js-libp2p/0.28.4", "js-libp2p/0.30.12", "js-ipfs/0.50.2"] {
            #expect(AddressVocabulary(agentVersion: agent) == .year2020)
        }
        for agent in [nil, "", "js-libp2p/1.2.0", "js-libp2p/0.4", "js-libp2p/0.46.1", "js-libp2p/0.3", "kubo/0.30"] {
            #expect(AddressVocabulary(agentVersion: agent) == .current)
        }
    }
}
