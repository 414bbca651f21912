import LibP2PCore

/// The versions of the protocol (ipfs/specs, `src/bitswap-protocol.md`). They differ in what a message can say.
enum BitswapVersion: Int, Sendable, Comparable, CaseIterable {
    /// Blocks come without a prefix; only version 0 CIDs are unambiguous.
    case v100
    /// Blocks say by which codec and hash function they are named.
    case v110
    /// Peers can be asked whether they have a block, and say that they don't.
    case v120

    var id: ProtocolID {
        switch self {
        case .v100: "/ipfs/bitswap/1.0.0"
        case .v110: "/ipfs/bitswap/1.1.0"
        case .v120: "/ipfs/bitswap/1.2.0"
        }
    }

    /// The version of an id that was agreed.
    init?(_ id: ProtocolID?) {
        guard let version = Self.allCases.first(where: { $0.id == id }) else { return nil }
        self = version
    }

    /// The best version in a list of ids; nil when there is none.
    init?(bestOf ids: [ProtocolID]) {
        guard let version = Self.preferred.first(where: { ids.contains($0.id) }) else { return nil }
        self = version
    }

    /// Whether the version has want-have and its answers.
    var hasPresences: Bool { self >= .v120 }

    /// The newest first, as they are proposed.
    static let preferred: [BitswapVersion] = allCases.reversed()

    static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}
