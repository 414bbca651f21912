public import LibP2PCore
public import LibP2PIdentity

/// A peer's presence in a namespace, until it expires.
public struct Registration: Sendable, Hashable {
    /// What names a registration: a peer is in a namespace once.
    public struct Key: Sendable, Hashable {
        /// Where.
        public let namespace: String
        /// Who.
        public let peer: PeerID

        /// Names a registration.
        public init(namespace: String, peer: PeerID) {
            self.namespace = namespace
            self.peer = peer
        }
    }

    /// Who is where.
    public let key: Key
    /// The envelope of the peer's signed record, as it came; verified.
    public let record: [UInt8]
    /// When it ends.
    public let expiry: Timestamp
    /// Grows with each registration, also over restarts: cookies hold it.
    public let sequence: UInt64

    /// A registration as a journal kept it.
    public init(key: Key, record: [UInt8], expiry: Timestamp, sequence: UInt64) {
        self.key = key
        self.record = record
        self.expiry = expiry
        self.sequence = sequence
    }

    /// Roughly what it takes in memory, in bytes: its parts, and its places in tables and logs.
    var cost: Int { record.count + 2 * key.namespace.utf8.count + 300 }
}

/// What a rendezvous server keeps. The defaults are the spec's, where it names any.
public struct RegistrationLimits: Sendable, Hashable {
    /// The life of a registration that asks for none.
    public var defaultTTL: Duration = .seconds(2 * 3600)
    /// The shortest life that may be asked for.
    public var minTTL: Duration = .seconds(2 * 3600)
    /// The longest life that may be asked for.
    public var maxTTL: Duration = .seconds(72 * 3600)
    /// The longest namespace, in bytes of UTF-8.
    public var namespaceLength = 255
    /// The longest envelope of a signed peer record, in bytes: several times what a node with many addresses signs.
    public var recordLength = 8 * 1024
    /// Registrations of one peer, in all namespaces together.
    public var perPeer = 1_000
    /// Registrations of all peers.
    public var total = 100_000
    /// Memory that all registrations together may take, in bytes, roughly.
    public var memory = 64 << 20
    /// Registrations in one answer.
    public var page = 1_000
    /// Bytes in one answer, below what rust-libp2p reads.
    public var pageBytes = 1_000_000

    /// The defaults.
    public init() {}
}
