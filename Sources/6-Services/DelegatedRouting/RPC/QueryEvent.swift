public import LibP2PIdentity

/// A step of a DHT query as kubo's RPC tells of it: one line of JSON.
///
/// Clients of 2020 make a CID of the `ID` of every line of `dht/query` and `dht/provide`, so there none is empty.
public struct QueryEvent: Sendable, Hashable {
    /// What happened. The numbers are go-libp2p's.
    public enum Kind: Int, Sendable, Hashable {
        /// A peer is being asked.
        case sendingQuery = 0
        /// A peer answered with others that are nearer.
        case peerResponse = 1
        /// What was looked for: a peer, or one of the nearest.
        case finalPeer = 2
        /// A peer could not be asked.
        case queryError = 3
        /// A provider.
        case provider = 4
        /// A value, or a peer that took one.
        case value = 5
        /// A peer is going to be asked.
        case addingPeer = 6
        /// A peer is being dialled.
        case dialingPeer = 7
    }

    /// What happened.
    public var kind: Kind
    /// Who it happened with.
    public var id: PeerID?
    /// The peers that it is about; nil where an event is about none.
    public var responses: [RoutingRecord]?
    /// An error's text, or a value in base 64.
    public var extra: String

    /// Makes an event.
    public init(_ kind: Kind, id: PeerID? = nil, responses: [RoutingRecord]? = nil, extra: String = "") {
        self.kind = kind
        self.id = id
        self.responses = responses
        self.extra = extra
    }

    /// The event as JSON, with its members in the order of go's maps.
    public var json: [UInt8] {
        var text = JSONText()
        text.raw("{\"Extra\":")
        text.string(extra)
        text.raw(",\"ID\":")
        text.string(id?.description ?? "")
        text.raw(",\"Responses\":")
        if let responses {
            text.list(responses) { text, record in
                text.raw("{\"Addrs\":")
                text.strings(record.addresses)
                text.raw(",\"ID\":")
                text.string(record.id.description)
                text.raw("}")
            }
        } else {
            text.raw("null")
        }
        text.raw(",\"Type\":")
        text.number(kind.rawValue)
        text.raw("}")
        return text.bytes
    }
}
