import LibP2PCore

/// The protocols of circuit relay, and what their messages have in common: a varint length in front, and no more than
/// ``maxMessageLength`` bytes.
///
/// Specs: libp2p/specs relay/circuit-v1.md and relay/circuit-v2.md.
enum RelayProtocols {
    /// Version 2, from a peer to the relay: reserve, connect.
    static let hop: ProtocolID = "/libp2p/circuit/relay/0.2.0/hop"
    /// Version 2, from the relay to the peer that another one wants to reach.
    static let stop: ProtocolID = "/libp2p/circuit/relay/0.2.0/stop"
    /// Version 1, in both directions.
    static let version1: ProtocolID = "/libp2p/circuit/relay/0.1.0"

    /// The longest message that is read or written, in bytes, as in all implementations; the specs name no bound.
    static let maxMessageLength = 4096
}
