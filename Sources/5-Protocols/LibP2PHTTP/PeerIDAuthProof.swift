import LibP2PIdentity
import Multiformats

/// What one side signs to prove that it is its peer: the other side's challenge and key, for one host name, so that a proof
/// is worth nothing elsewhere.
struct PeerIDAuthProof {
    /// Who signs.
    enum Signer {
        case client
        case server
    }

    let signer: Signer
    /// What the other side chose.
    let challenge: String
    /// The other side's public key, in protobuf form.
    let verifierKey: [UInt8]
    /// The name by which the client calls the server.
    let hostname: String

    /// The bytes that are signed: the scheme's name, then each parameter with its length in front, sorted by name.
    var bytes: [UInt8] {
        var bytes = Array(PeerIDAuthHeader.scheme.utf8)
        for (name, value) in parameters {
            Varint.append(UInt64(name.utf8.count + 1 + value.count), to: &bytes)
            bytes += Array(name.utf8) + [UInt8(ascii: "=")] + value
        }
        return bytes
    }

    private var parameters: [(name: String, value: [UInt8])] {
        switch signer {
        case .client:
            [
                ("challenge-client", Array(challenge.utf8)), ("hostname", Array(hostname.utf8)),
                ("server-public-key", verifierKey),
            ]
        case .server:
            [
                ("challenge-server", Array(challenge.utf8)), ("client-public-key", verifierKey),
                ("hostname", Array(hostname.utf8)),
            ]
        }
    }

    /// The signature.
    func sign(with key: PrivateKey) throws(PeerIDAuthError) -> [UInt8] {
        do {
            return try key.sign(bytes)
        } catch {
            throw PeerIDAuthError(.signing, "The key of \(key.peerID) cannot sign.", cause: error)
        }
    }

    /// Whether a signature is the one of `key`'s owner.
    func isValid(_ signature: [UInt8], by key: PublicKey) -> Bool { key.isValidSignature(signature, for: bytes) }
}
