import LibP2PCore
import Multiformats

/// Which of the node's addresses are worth telling a peer: a stranger on the internet can't use private ones, and would
/// spread them; an old program can't read new ones.
struct Audience: Hashable {
    /// How far away the peer is; nil when that can't be told.
    var scope: IPAddress.Scope?
    /// Whether private addresses count as reachable everywhere.
    var allowsPrivateAddresses: Bool
    /// What the peer can read.
    var vocabulary: AddressVocabulary

    /// Somebody who passes all addresses on to nobody in particular.
    static let everybody = Audience(scope: nil, allowsPrivateAddresses: true, vocabulary: .current)

    /// The most bytes that all addresses together may take: identify messages must stay below the 4 KiB that rust-libp2p
    /// reads, with protocols and, in a message of its own, the same addresses signed.
    static let maxAddressBytes = 1_536

    /// Those of the node's addresses to tell.
    func addresses(of own: [Multiaddr]) -> [Multiaddr] {
        var budget = Self.maxAddressBytes
        return vocabulary.understood(of: own).filter { address in
            guard reaches(address), address.bytes.count <= budget else { return false }
            budget -= address.bytes.count
            return true
        }
    }

    private func reaches(_ address: Multiaddr) -> Bool {
        guard !allowsPrivateAddresses, let scope else { return true }
        switch scope {
        case .loopback: return true
        case .private: return !address.isLoopback
        default: return !address.isLoopback && !address.isPrivate
        }
    }
}
