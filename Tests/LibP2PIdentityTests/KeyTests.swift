import LibP2PIdentity
import LibP2PTesting
import Testing

struct KeyTests {
    @Test func readsAndWritesTheVectors() throws {
        for vector in try PeerIDVectors.load().keys {
            let privateKey = try PrivateKey(protobuf: try hex(vector.private_pb_hex))
            let publicKey = try PublicKey(protobuf: try hex(vector.public_pb_hex))
            #expect(privateKey.publicKey == publicKey, "\(vector.type)")
            #expect(publicKey.type.rawValue == vector.KeyType)
            #expect(publicKey.protobuf == (try hex(vector.public_pb_hex)))
            #expect(privateKey.protobuf == (try hex(vector.private_pb_hex)), "\(vector.type)")
            #expect(publicKey.peerID.bytes == (try hex(vector.peer_id.bytes_hex)))
            #expect(publicKey.peerID.description == vector.peer_id.base58btc)
        }
    }

    @Test func readsOldEd25519Keys() throws {
        let vector = try #require(try PeerIDVectors.load().keys.first { $0.legacy_96_byte_private_pb_hex != nil })
        let key = try PrivateKey(protobuf: try hex(try #require(vector.legacy_96_byte_private_pb_hex)))
        #expect(key.protobuf == (try hex(vector.private_pb_hex)))
        let contradiction = try hex(try #require(vector.legacy_bad_96_byte_private_pb_hex))
        #expect(throws: IdentityError(.privateKey, "")) { try PrivateKey(protobuf: contradiction) }
    }

    @Test func refusesAnEd25519KeyWithAnotherPublicHalf() throws {
        let seed = [UInt8](repeating: 1, count: 32)
        let foreign = try PrivateKey(ed25519Seed: [UInt8](repeating: 2, count: 32)).publicKey.data
        #expect(throws: IdentityError(.privateKey, "")) {
            try PrivateKey(protobuf: [8, 1, 0x12, 64] + seed + foreign)
        }
    }

    @Test func verifiesTheVectors() throws {
        for vector in try PeerIDVectors.load().signature_fixtures {
            let publicKey = try PublicKey(protobuf: try hex(vector.public_pb_hex))
            let privateKey = try PrivateKey(protobuf: try hex(vector.private_pb_hex))
            let message = Array(vector.message_utf8.utf8)
            var signature = try hex(vector.signature_hex)
            #expect(publicKey.peerID.description == vector.peer_id)
            #expect(publicKey.isValidSignature(signature, for: message), "\(vector.type)")
            #expect(!publicKey.isValidSignature(signature, for: message + [0]))
            if vector.deterministic { #expect(try privateKey.sign(message) == signature, "\(vector.type)") }
            signature[signature.count - 1] ^= 1
            #expect(!publicKey.isValidSignature(signature, for: message))
            #expect(!publicKey.isValidSignature([], for: message))
        }
    }

    @Test(arguments: KeyType.allCases)
    func signsWithNewKeys(type: KeyType) throws {
        let key = try PrivateKey.generate(type)
        #expect(key.type == type)
        let signature = try key.sign([1, 2, 3])
        let reread = try PublicKey(protobuf: key.publicKey.protobuf)
        #expect(reread.isValidSignature(signature, for: [1, 2, 3]))
        #expect(!reread.isValidSignature(signature, for: [1, 2, 4]))
        let other = try PrivateKey.generate(type)
        #expect(other.peerID != key.peerID)
        #expect(!other.publicKey.isValidSignature(signature, for: [1, 2, 3]))
        #expect(try PrivateKey(protobuf: key.protobuf).peerID == key.peerID)
    }

    /// libsecp256k1 alone would refuse the high form, which other implementations of libp2p accept.
    @Test func acceptsHighSecp256k1Signatures() throws {
        let key = try PrivateKey.generate(.secp256k1)
        let low = try key.sign([7])
        let high = try withHighS(low)
        #expect(high != low)
        #expect(key.publicKey.isValidSignature(high, for: [7]))
    }

    /// The signature with `order - s` instead of `s`.
    private func withHighS(_ der: [UInt8]) throws -> [UInt8] {
        let order = try hex("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141")
        let rLength = Int(der[3])
        let r = der[2..<4 + rLength]
        let s = der[(6 + rLength)...]
        let padded = [UInt8](repeating: 0, count: 33 - s.count) + s
        var high = [UInt8](repeating: 0, count: 33)
        var borrow = 0
        for index in (0..<33).reversed() {
            let digit = Int(([0] + order)[index]) - Int(padded[index]) - borrow
            borrow = digit < 0 ? 1 : 0
            high[index] = UInt8(digit & 0xff)
        }
        let body = Array(r) + [0x02, 33] + high
        return [0x30, UInt8(body.count)] + body
    }

    @Test func signaturesOfSecp256k1AreLow() throws {
        let half = try hex("7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0")
        let key = try PrivateKey.generate(.secp256k1)
        for message in 0..<32 as Range<UInt8> {
            let der = try key.sign([message])
            let s = der[(6 + Int(der[3]))...]
            let padded = [UInt8](repeating: 0, count: 33 - s.count) + s
            #expect(!([0] + half).lexicographicallyPrecedes(padded))
        }
    }

    @Test(arguments: [1024, 2040, 2047, 8193, 8200, 16_384])
    func refusesRSAKeysOfOtherSizes(bits: Int) throws {
        let der = rsaPublicKey(modulus: modulus(bits: bits), exponent: [1, 0, 1])
        let error = #expect(throws: IdentityError(.publicKey, "")) { try PublicKey(type: .rsa, data: der) }
        let cause = try #require(error?.cause as? IdentityError)
        #expect(cause.message.contains("\(bits) bits") || cause.message.contains("limit"))
        #expect(throws: IdentityError.self) { try PrivateKey.generate(.rsa, rsaBits: bits) }
    }

    @Test(arguments: [2048, 2056, 8192])
    func acceptsRSAKeysWithinTheSizes(bits: Int) throws {
        let der = rsaPublicKey(modulus: modulus(bits: bits), exponent: [1, 0, 1])
        #expect(try PublicKey(type: .rsa, data: der).data == der)
    }

    @Test func refusesASecondFormOfAnRSAKey() throws {
        let form = rsaPublicKey(modulus: modulus(bits: 2048), exponent: [1, 0, 1])
        #expect(throws: IdentityError.self) { try PublicKey(type: .rsa, data: form + [0]) }
        // PKCS #1 instead of PKIX: the key within the bit string.
        #expect(throws: IdentityError.self) { try PublicKey(type: .rsa, data: Array(form.dropFirst(24))) }
    }

    private func modulus(bits: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: 0x5b, count: (bits + 7) / 8)
        bytes[0] = 1 << UInt8((bits - 1) % 8)
        return bytes
    }

    private func rsaPublicKey(modulus: [UInt8], exponent: [UInt8]) -> [UInt8] {
        func node(_ tag: UInt8, _ content: [UInt8]) -> [UInt8] {
            if content.count < 0x80 { return [tag, UInt8(content.count)] + content }
            if content.count < 0x100 { return [tag, 0x81, UInt8(content.count)] + content }
            return [tag, 0x82, UInt8(content.count >> 8), UInt8(content.count & 0xff)] + content
        }
        func integer(_ bytes: [UInt8]) -> [UInt8] { node(0x02, (bytes.first ?? 0) < 0x80 ? bytes : [0] + bytes) }
        let algorithm = node(
            0x30, [0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00])
        return node(0x30, algorithm + node(0x03, [0] + node(0x30, integer(modulus) + integer(exponent))))
    }

    @Test(arguments: [
        "", "08", "0801", "1220", "08011200", "0804120100", "08ffffffffffffffffff011200", "080212020304",
        "08021221" + "04" + String(repeating: "00", count: 32), "0803120100", "0800120100", "08001200",
    ])
    func refusesOtherBytes(text: String) throws {
        let bytes = try hex(text)
        #expect(throws: IdentityError(.publicKey, "")) { try PublicKey(protobuf: bytes) }
        #expect(throws: IdentityError(.privateKey, "")) { try PrivateKey(protobuf: bytes) }
    }

    @Test func printsNoSecrets() throws {
        let key = try PrivateKey(ed25519Seed: (0..<32).map { $0 })
        var dumped = ""
        dump(key, to: &dumped)
        for text in ["\(key)", String(reflecting: key), dumped] {
            #expect(text.contains("\(key.peerID)"))
            #expect(!text.contains("signer"))
        }
    }
}
