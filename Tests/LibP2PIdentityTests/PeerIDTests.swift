import LibP2PIdentity
import LibP2PTesting
import Multiformats
import Testing

struct PeerIDTests {
    @Test func readsAndWritesTheVectors() throws {
        for vector in try PeerIDVectors.load().peer_id_strings {
            let peerID = try PeerID(vector.input)
            #expect(peerID.bytes == (try hex(vector.bytes_hex)))
            #expect(peerID.description == vector.base58btc)
            #expect(peerID.cid.text(in: .base32) == vector.cid_base32)
            #expect(peerID.cid.text(in: .base36) == vector.cid_base36)
            #expect(try PeerID(bytes: peerID.bytes) == peerID)
            #expect(peerID.multihash.bytes == peerID.bytes)
        }
    }

    @Test func readsEveryTextFormOfAKey() throws {
        for vector in try PeerIDVectors.load().keys {
            let forms = vector.peer_id
            let peerIDs = try [forms.base58btc, forms.cid_base32, forms.cid_base36].map { try PeerID($0) }
            #expect(Set(peerIDs).count == 1)
            #expect(peerIDs.first?.bytes == (try hex(forms.bytes_hex)))
        }
    }

    @Test func refusesTheInvalidVectors() throws {
        for vector in try PeerIDVectors.load().invalid_peer_id_strings {
            #expect(throws: IdentityError(.peerID, ""), "\(vector.why)") { try PeerID(vector.input) }
        }
    }

    @Test func inlinesShortKeysOnly() throws {
        for vector in try PeerIDVectors.load().keys {
            let key = try PublicKey(protobuf: try hex(vector.public_pb_hex))
            let isShort = key.type == .ed25519 || key.type == .secp256k1
            #expect(key.peerID.publicKey == (isShort ? key : nil))
            #expect(key.peerID.matches(key))
        }
    }

    @Test(arguments: [
        "", "00", "0000", "12", "1220", "1220ff", "1120" + String(repeating: "00", count: 32), "0001",
        "1220" + String(repeating: "00", count: 33), "002b" + String(repeating: "00", count: 43), "80000100",
    ])
    func refusesOtherBytes(text: String) throws {
        #expect(throws: IdentityError(.peerID, "")) { try PeerID(bytes: try hex(text)) }
    }

    @Test func anInlinedKeyMayBeNone() throws {
        #expect(try PeerID(bytes: [0, 2, 1, 2]).publicKey == nil)
    }

    @Test func addressesNameTheirPeer() throws {
        let relay = try PrivateKey(ed25519Seed: [UInt8](repeating: 1, count: 32)).peerID
        let target = try PrivateKey(ed25519Seed: [UInt8](repeating: 2, count: 32)).peerID
        let plain = try Multiaddr("/ip4/192.0.2.1/tcp/4001")
        #expect(plain.peerID == nil)
        #expect(plain.withoutPeerID == plain)

        let direct = try plain.withPeerID(relay)
        #expect(direct.description == "/ip4/192.0.2.1/tcp/4001/p2p/\(relay)")
        #expect(direct.peerID == relay)
        #expect(direct.withoutPeerID == plain)
        #expect(try direct.withPeerID(target).peerID == target)
        #expect(try direct.withPeerID(target).withoutPeerID == plain)

        let circuit = try Multiaddr("\(direct)/p2p-circuit")
        #expect(circuit.peerID == nil)
        #expect(circuit.withoutPeerID == circuit)
        #expect(try circuit.withPeerID(target).peerID == target)
        #expect(try circuit.withPeerID(target).description == "\(direct)/p2p-circuit/p2p/\(target)")

        let bare = try Multiaddr("/p2p/\(relay)")
        #expect(bare.peerID == relay)
        #expect(bare.withoutPeerID == nil)
        #expect(try bare.withPeerID(target).description == "/p2p/\(target)")
    }
}
