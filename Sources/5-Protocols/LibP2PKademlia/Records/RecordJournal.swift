public import LibP2PIdentity
public import Multiformats

/// Where a DHT's records and peers survive a restart.
///
/// The calls come from the network's path: they return at once and write later, in their order, from a bounded queue.
public protocol RecordJournal: Sendable {
    /// Keeps a provider record in place of the one of the same key and provider.
    func save(_ record: ProviderRecord)

    /// Forgets a provider record.
    func remove(_ reference: ProviderStore.Reference)

    /// Keeps a value in place of the one of the same key.
    func save(_ record: ValueRecord)

    /// Forgets a value.
    func removeValue(_ key: [UInt8])

    /// Keeps what this node announces, in place of the one of the same name.
    func save(_ announcement: Announcement)

    /// Forgets an announcement.
    func removeAnnouncement(_ reference: Announcement.Reference)

    /// Keeps the peers of the routing table in place of all those kept before.
    func save(_ peers: [RoutingPeer])

    /// All that was kept, to start from; called once, before anything is saved.
    func load() async throws -> JournalContents
}

/// A peer of the routing table as it is kept.
public struct RoutingPeer: Sendable, Hashable {
    /// Who it is.
    public var id: PeerID
    /// Where it was reached.
    public var addresses: [Multiaddr]

    /// A peer.
    public init(id: PeerID, addresses: [Multiaddr]) {
        self.id = id
        self.addresses = addresses
    }
}

/// What a journal kept.
public struct JournalContents: Sendable, Equatable {
    /// Who provides what.
    public var providers: [ProviderRecord]
    /// The values.
    public var values: [ValueRecord]
    /// What the node tells of its own accord.
    public var announcements: [Announcement]
    /// The peers of the routing table.
    public var peers: [RoutingPeer]

    /// Contents; nothing by default.
    public init(
        providers: [ProviderRecord] = [], values: [ValueRecord] = [], announcements: [Announcement] = [],
        peers: [RoutingPeer] = []
    ) {
        self.providers = providers
        self.values = values
        self.announcements = announcements
        self.peers = peers
    }
}
