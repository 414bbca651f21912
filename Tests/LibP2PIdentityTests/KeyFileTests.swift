import LibP2PIdentity
import LibP2PTesting
import Testing

struct KeyFileTests {
    @Test(arguments: KeyFile.allCases, KeyType.allCases)
    func readsWhatItWrites(format: KeyFile, type: KeyType) throws {
        let vector = try #require(try PeerIDVectors.load().keys.first { $0.KeyType == type.rawValue })
        let key = try PrivateKey(protobuf: try hex(vector.private_pb_hex))
        if format == .seed && type != .ed25519 {
            #expect(throws: IdentityError(.keyFile, "")) { try format.bytes(of: key) }
        } else {
            #expect(try KeyFile.read(try format.bytes(of: key)).protobuf == key.protobuf)
        }
    }

    private let seed = [UInt8](repeating: 7, count: 32)

    @Test func readsTheJSONOfJavaScript() throws {
        let key = try PrivateKey(ed25519Seed: seed)
        let base64 = String(decoding: try KeyFile.base64.bytes(of: key), as: UTF8.self).dropLast()
        let minimal = "\n {\"privKey\":\"\(base64)\", \"extra\": [1]}"
        #expect(try KeyFile.read(Array(minimal.utf8)).peerID == key.peerID)
    }

    @Test func readsBase64WithAndWithoutPadding() throws {
        let key = try PrivateKey(ed25519Seed: seed)
        let padded = String(decoding: try KeyFile.base64.bytes(of: key), as: UTF8.self)
        #expect(padded.hasSuffix("=\n"))
        let bare = " " + padded.filter { $0 != "=" } + "\r\n"
        #expect(try KeyFile.read(Array(bare.utf8)).protobuf == key.protobuf)
    }

    @Test func refusesContradictions() throws {
        let key = try PrivateKey(ed25519Seed: seed)
        let other = try PrivateKey.generate()
        let json = String(decoding: try KeyFile.peerIDJSON.bytes(of: key), as: UTF8.self)
        let otherJSON = String(decoding: try KeyFile.peerIDJSON.bytes(of: other), as: UTF8.self)
        let wrongID = json.replacing("\(key.peerID)", with: "\(other.peerID)")
        #expect(throws: IdentityError(.keyFile, "")) { try KeyFile.read(Array(wrongID.utf8)) }
        let lines = json.split(separator: "\n").dropLast(2) + otherJSON.split(separator: "\n").suffix(2)
        let wrongKey = lines.joined(separator: "\n")
        #expect(wrongKey != json)
        #expect(throws: IdentityError(.keyFile, "")) { try KeyFile.read(Array(wrongKey.utf8)) }
    }

    @Test(arguments: ["", " ", "{}", "{\"privKey\":1}", "{\"privKey\":\"\"}", "hello", "CAE=", "=", "\u{08}\u{01}"])
    func refusesOtherFiles(text: String) {
        #expect(throws: IdentityError(.keyFile, "")) { try KeyFile.read(Array(text.utf8)) }
    }

    @Test func refusesLongFiles() {
        #expect(throws: IdentityError(.keyFile, "")) {
            try KeyFile.read([UInt8](repeating: 0x20, count: KeyFile.maxLength + 1))
        }
    }
}
