public import LibP2PCore
public import Multiformats

/// What is remembered of one peer: pure rules.
public struct KnownPeer: Sendable, Equatable {
    /// An address and when it is forgotten.
    public struct Entry: Sendable, Equatable {
        /// Without `/p2p` at its end.
        public var address: Multiaddr
        /// nil for never.
        public var expiry: Timestamp?

        /// An address with its end of life.
        public init(address: Multiaddr, expiry: Timestamp?) {
            self.address = address
            self.expiry = expiry
        }
    }

    /// The addresses, those of the longest life first.
    public private(set) var entries: [Entry] = []
    /// What identify told.
    public internal(set) var description: PeerDescription?

    /// The most addresses kept of a peer. Those that expire first make room.
    public static let maxAddresses = 64

    /// Knows nothing.
    public init() {}

    /// Knows what was known before a restart.
    public init(entries: [Entry], description: PeerDescription?) {
        self.entries = Array(entries.prefix(Self.maxAddresses))
        self.description = description
    }

    /// The addresses that live.
    func addresses(now: Timestamp) -> [Multiaddr] {
        entries.compactMap { entry in
            guard let expiry = entry.expiry else { return entry.address }
            return expiry > now ? entry.address : nil
        }
    }

    /// Adds an address, or prolongs its life.
    mutating func add(_ address: Multiaddr, until expiry: Timestamp?, now: Timestamp) {
        if let index = entries.firstIndex(where: { $0.address == address }) {
            guard Self.isLater(expiry, than: entries[index].expiry) else { return }
            entries.remove(at: index)
        } else if entries.count >= Self.maxAddresses {
            entries.removeAll { $0.expiry.map { $0 <= now } ?? false }
            if entries.count >= Self.maxAddresses {
                guard let last = entries.last, Self.isLater(expiry, than: last.expiry) else { return }
                entries.removeLast()
            }
        }
        let place = entries.firstIndex { Self.isLater(expiry, than: $0.expiry) } ?? entries.count
        entries.insert(Entry(address: address, expiry: expiry), at: place)
    }

    /// Drops addresses that the peer has taken back by telling others. What the operator gave stays.
    mutating func forget(_ addresses: [Multiaddr], except kept: [Multiaddr]) {
        let outdated = Set(addresses).subtracting(kept)
        entries.removeAll { $0.expiry != nil && outdated.contains($0.address) }
    }

    /// Whether nothing is worth keeping any more.
    func isForgettable(now: Timestamp) -> Bool { addresses(now: now).isEmpty }

    private static func isLater(_ left: Timestamp?, than right: Timestamp?) -> Bool {
        guard let right else { return false }
        guard let left else { return true }
        return left > right
    }
}
