public import LibP2PIdentity
public import Multiformats

/// A request or an answer of the Kademlia protocol.
///
/// One message for all six kinds (kad-dht specification, "RPC messages"); which fields count depends on the kind.
/// On the stream it is *delimited*: a varint of its length before it.
public struct KademliaMessage: Sendable, Hashable {
    /// What is asked, or what the answer answers.
    public enum Kind: Int32, Sendable, Hashable, CaseIterable {
        /// Store a value. The encoders of proto3 leave this kind out: a missing kind means this one.
        case putValue = 0
        /// Ask for a value.
        case getValue = 1
        /// Tell that the sender provides some content. It has no answer.
        case addProvider = 2
        /// Ask who provides some content.
        case getProviders = 3
        /// Ask for the peers nearest to a key.
        case findNode = 4
        /// Echo. Peers answer it and never send it.
        case ping = 5
    }

    /// What is asked.
    public var kind: Kind
    /// A peer id, a multihash or the key of a record, by kind; at most ``Limits/keyLength`` bytes.
    public var key: [UInt8]
    /// The value stored or found.
    public var record: Record?
    /// Peers nearer to the key.
    public var closerPeers: [Peer]
    /// Peers that provide the key's content.
    public var providerPeers: [Peer]
    /// A leftover of an old design; answers repeat the request's.
    public var clusterLevel: Int32

    /// A message.
    public init(
        _ kind: Kind, key: [UInt8] = [], record: Record? = nil, closerPeers: [Peer] = [], providerPeers: [Peer] = [],
        clusterLevel: Int32 = 0
    ) {
        self.kind = kind
        self.key = key
        self.record = record
        self.closerPeers = closerPeers
        self.providerPeers = providerPeers
        self.clusterLevel = clusterLevel
    }

    /// A peer as messages name it.
    public struct Peer: Sendable, Hashable {
        /// What the sender of a message knows about its connection to a peer.
        public enum Connection: UInt64, Sendable, Hashable {
            /// No connection and no knowledge.
            case notConnected = 0
            /// A connection is open.
            case connected = 1
            /// It was connected recently.
            case canConnect = 2
            /// Connecting failed.
            case cannotConnect = 3
        }

        /// Who it is.
        public var id: PeerID
        /// Where it can be reached.
        public var addresses: [Multiaddr]
        /// The sender's connection to it.
        public var connection: Connection

        /// A peer.
        public init(id: PeerID, addresses: [Multiaddr], connection: Connection = .notConnected) {
            self.id = id
            self.addresses = addresses
            self.connection = connection
        }
    }

    /// A value with its key.
    public struct Record: Sendable, Hashable {
        /// The key it is stored by, which must be the message's.
        public var key: [UInt8]
        /// The value, in the form its namespace prescribes.
        public var value: [UInt8]
        /// When the answering peer received it, in RFC 3339; a claim that nothing depends on.
        public var timeReceived: String?

        /// A record.
        public init(key: [UInt8], value: [UInt8], timeReceived: String? = nil) {
            self.key = key
            self.value = value
            self.timeReceived = timeReceived
        }
    }

    /// What is read from a message at most. What exceeds a count is skipped, what exceeds a length is an error.
    public enum Limits {
        /// Bytes of a whole message (go-libp2p's MessageSizeMax).
        public static let messageSize = 4 << 20
        /// Bytes of a key: the longest in use are record keys of a few dozen.
        public static let keyLength = 1_024
        /// Bytes of a record's value (IPNS allows 10 KiB; the rest is room for other namespaces).
        public static let valueLength = 64 << 10
        /// Closer peers of one message; an honest answer has 20 or 21.
        public static let closerPeers = 64
        /// Providers of one message.
        public static let providerPeers = 1_024
        /// Addresses of one peer.
        public static let addressesPerPeer = 64
        /// Bytes of one address.
        public static let addressLength = 1_024
        /// Bytes of one encoded peer; addresses beyond it are left out when writing.
        public static let peerSize = 8 << 10
    }
}
