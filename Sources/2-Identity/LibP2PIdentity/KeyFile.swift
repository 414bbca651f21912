import FoundationEssentials
import Multiformats

/// The formats in which programs keep a private key, and the way between them and ``PrivateKey``.
///
/// The bytes hold the secret: write them to files of mode 0600 only.
public enum KeyFile: String, Sendable, CaseIterable {
    /// The JSON of js `peer-id`: `{"id": …, "privKey": base64, "pubKey": base64}`.
    case peerIDJSON = "json"
    /// The protobuf form as it is, as go-libp2p programs keep it.
    case protobuf
    /// The protobuf form in base 64 with padding, as in kubo's configuration.
    case base64
    /// The 32 bytes an Ed25519 key is made from.
    case seed

    /// The longest key file that is read, in bytes: the JSON of an RSA key of 8192 bits takes some 8 KiB.
    public static let maxLength = 16_384

    /// Writes a key in this format.
    ///
    /// - Throws: `IdentityError.Code.keyFile` when the format can't hold the key.
    public func bytes(of key: PrivateKey) throws -> [UInt8] {
        switch self {
        case .peerIDJSON: return Array(json(of: key).utf8)
        case .protobuf: return key.protobuf
        case .base64: return Array((Multibase.base64pad.encodeBody(key.protobuf) + "\n").utf8)
        case .seed:
            guard let seed = key.ed25519Seed else {
                throw IdentityError(.keyFile, "only an Ed25519 key has a seed, not one of type \(key.type)")
            }
            return seed
        }
    }

    /// Reads a key in any of the formats; the bytes themselves tell which.
    ///
    /// - Throws: `IdentityError.Code.keyFile` when they are in none, or contradict themselves.
    public static func read(_ bytes: [UInt8]) throws -> PrivateKey {
        guard bytes.count <= maxLength else {
            throw IdentityError(.keyFile, "a key file of \(bytes.count) bytes is over the limit of \(maxLength)")
        }
        // No protobuf form and no text of one is 32 bytes long.
        if bytes.count == 32 { return try PrivateKey(ed25519Seed: bytes) }
        do {
            let text = bytes.trimmingASCIISpace()
            if text.first == UInt8(ascii: "{") { return try read(json: text) }
            // Every protobuf form starts with the tag of its type, a control character.
            if bytes.first == 0x08 { return try PrivateKey(protobuf: bytes) }
            return try PrivateKey(protobuf: decodeBase64(String(decoding: text, as: UTF8.self)))
        } catch {
            throw IdentityError(
                .keyFile,
                "\(bytes.count) bytes are not a private key; known are js peer-id JSON, the protobuf form, raw or in "
                    + "base 64, and an Ed25519 seed of 32 bytes",
                cause: error)
        }
    }

    private struct PeerIDJSON: Decodable {
        let id: String?
        let privKey: String
        let pubKey: String?
    }

    private func json(of key: PrivateKey) -> String {
        // The values are base 58 and base 64: nothing in them needs escaping.
        """
        {
          "id": "\(key.peerID)",
          "privKey": "\(Multibase.base64pad.encodeBody(key.protobuf))",
          "pubKey": "\(Multibase.base64pad.encodeBody(key.publicKey.protobuf))"
        }

        """
    }

    private static func read(json: [UInt8]) throws -> PrivateKey {
        let file = try JSONDecoder().decode(PeerIDJSON.self, from: Data(json))
        let key = try PrivateKey(protobuf: decodeBase64(file.privKey))
        if let id = file.id, try PeerID(id) != key.peerID {
            throw IdentityError(.keyFile, "the file names peer \(id), but its key is that of \(key.peerID)")
        }
        if let pubKey = file.pubKey, try PublicKey(protobuf: decodeBase64(pubKey)) != key.publicKey {
            throw IdentityError(.keyFile, "the file's public key is not that of its private key")
        }
        return key
    }

    private static func decodeBase64(_ text: String) throws -> [UInt8] {
        try (text.hasSuffix("=") ? Multibase.base64pad : .base64).decodeBody(text)
    }
}

extension [UInt8] {
    fileprivate func trimmingASCIISpace() -> [UInt8] {
        func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0d).contains(byte) }
        let start = drop(while: isSpace)
        guard let last = start.lastIndex(where: { !isSpace($0) }) else { return [] }
        return Array(start[...last])
    }
}
