import LibP2PCore
import Multiformats
import NIOCore
import Wire

/// `/pk/<peer id>`: the public key of a peer whose id is only its hash.
///
/// The key's length and its hash are checked. Whether its bytes are a point of the curve is left to whoever verifies
/// with it: the hash already binds it to the name, and parsing keys for strangers costs more than storing them.
struct PublicKeyValidator: RecordValidator {
    /// Longer than any key that peers accept (RSA of 8192 bits takes about 1.1 KiB).
    private static let maxLength = 4 << 10
    /// Peer ids hold keys up to this length themselves (peer-ids specification).
    private static let longestInlined = 42

    func validate(_ value: [UInt8], name: ArraySlice<UInt8>, now: Timestamp) throws(KademliaError) {
        guard value.count <= Self.maxLength else {
            throw KademliaError(.invalidRecord, "a public key of \(value.count) bytes exceeds \(Self.maxLength)")
        }
        let key: (type: UInt64, length: Int)
        do {
            key = try Self.parse(value)
        } catch {
            throw KademliaError(.invalidRecord, "a /pk value is not a public key", cause: error)
        }
        let isLengthRight =
            switch key.type {
            case 0, 3: key.length > 0  // RSA and ECDSA: DER of any length
            case 1: key.length == 32  // Ed25519
            case 2: key.length == 33  // secp256k1, compressed
            default: false
            }
        guard isLengthRight else {
            throw KademliaError(.invalidRecord, "a public key of type \(key.type) can't have \(key.length) bytes")
        }
        guard Self.peerID(of: value) == Array(name) else {
            throw KademliaError(.invalidRecord, "the /pk value is the key of another peer than its name says")
        }
    }

    /// Good keys of one name are equal, so the one held stays.
    func isBetter(_ value: [UInt8], than other: [UInt8]) -> Bool { false }

    private static func parse(_ value: [UInt8]) throws -> (type: UInt64, length: Int) {
        var reader = ProtobufReader(ByteBuffer(bytes: value))
        var type: UInt64?
        var length: Int?
        while let field = try reader.nextField() {
            switch field.number {
            case 1: type = try field.varint()
            case 2: length = try field.bytes().readableBytes
            default: break
            }
        }
        guard let type, let length else {
            throw KademliaError(.invalidRecord, "the key's type or bytes are missing")
        }
        return (type, length)
    }

    private static func peerID(of key: [UInt8]) -> [UInt8]? {
        guard key.count <= longestInlined else { return Multihash.sha256(of: key).bytes }
        return try? Multihash.identity(key).bytes
    }
}
