public import Multiformats
import NIOCore
import Wire

/// The name of a peer: a multihash of its public key, which holds the whole key when that is short.
///
/// Spec: libp2p/specs peer-ids. Ids of Ed25519 and secp256k1 keys inline the key (`12D3KooW…`, `16Uiu2…`), those of RSA
/// and ECDSA keys are SHA2-256 hashes (`Qm…`).
public struct PeerID: Sendable {
    /// The multihash's bytes.
    public let bytes: [UInt8]

    /// The longest public key, in protobuf form, that a peer id inlines.
    public static let maxInlinedKeyLength = 42

    /// The longest peer id in bytes.
    public static let maxLength = 2 + maxInlinedKeyLength

    /// Reads the binary form.
    ///
    /// - Throws: `IdentityError.Code.peerID` unless the bytes are a multihash of the two kinds peer ids use.
    public init(bytes: [UInt8]) throws {
        // Both heads are one byte of code and one of length: anything else is no peer id, however valid a multihash.
        let bodyLength = bytes.count - 2
        switch (bytes.first, bytes.dropFirst().first) {
        case (0x12, 32?) where bodyLength == 32: break
        case (0x00, let length?) where Int(length) == bodyLength && 1...Self.maxInlinedKeyLength ~= bodyLength: break
        default: throw IdentityError(.peerID, "\(bytes.count) bytes are not a peer id")
        }
        self.bytes = bytes
    }

    /// Reads the text: base 58 (`12D3KooW…`, `Qm…`) or a version 1 CID of a libp2p key in any multibase.
    ///
    /// - Throws: `IdentityError.Code.peerID`.
    public init(_ text: some StringProtocol) throws {
        do {
            if text.hasPrefix("1") || text.hasPrefix("Qm") {
                try self.init(bytes: try Base58.decode(text))
            } else {
                try self.init(cid: try CID(text))
            }
        } catch let error as MultiformatsError {
            throw IdentityError(.peerID, "\"\(text.prefix(80))\" is not a peer id", cause: error)
        }
    }

    /// Reads a CID.
    ///
    /// - Throws: `IdentityError.Code.peerID` unless it is a version 1 CID with the codec libp2p-key.
    public init(cid: CID) throws {
        guard cid.version == .v1, cid.codec == .libp2pKey else {
            throw IdentityError(.peerID, "\(cid) is a CID of \(cid.codec), not of a libp2p key")
        }
        try self.init(bytes: cid.multihash.bytes)
    }

    /// The id of the peer that owns a key.
    public init(of key: PublicKey) {
        let protobuf = key.protobuf
        if protobuf.count <= Self.maxInlinedKeyLength {
            bytes = [0x00, UInt8(protobuf.count)] + protobuf
        } else {
            bytes = Multihash.sha256(of: protobuf).bytes
        }
    }

    /// The key, when the id inlines it and it is valid; nil for hashed ids.
    public var publicKey: PublicKey? {
        guard bytes.first == 0x00 else { return nil }
        return try? PublicKey(protobuf: Array(bytes.dropFirst(2)))
    }

    /// Whether this is the id of a key.
    public func matches(_ key: PublicKey) -> Bool { PeerID(of: key) == self }
}

extension PeerID: Hashable {
    /// Ids are equal when their bytes are.
    public static func == (lhs: Self, rhs: Self) -> Bool { lhs.bytes == rhs.bytes }

    /// Hashes the last 32 bytes in one go: the digest, or nearly all of an inlined key.
    ///
    /// A shorter suffix would be cheaper by a few nanoseconds, but ids come from strangers, unproven: whoever may choose
    /// the bytes in front of the suffix could fill a table with colliding keys.
    public func hash(into hasher: inout Hasher) {
        bytes.withUnsafeBytes { hasher.combine(bytes: UnsafeRawBufferPointer(rebasing: $0.suffix(32))) }
    }
}

extension PeerID: CustomStringConvertible {
    /// The customary text: base 58 of the multihash.
    public var description: String { Base58.encode(bytes) }

    /// The id as a version 1 CID with the codec libp2p-key; its base 36 text is an IPNS name.
    public var cid: CID { CID(codec: .libp2pKey, multihash: multihash) }

    /// The id as a multihash.
    public var multihash: Multihash {
        Multihash(unchecked: bytes.first == 0x00 ? .identity : .sha256, bytes.dropFirst(2))
    }
}
