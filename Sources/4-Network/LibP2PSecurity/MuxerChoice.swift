internal import LibP2PCore

/// The choice of a stream muxer within the security handshake, which saves a round trip (libp2p/specs
/// connections/inlined-muxer-negotiation.md).
///
/// By the specification the first entry of the *initiator's* list that both know wins. Implementations differ:
/// js-libp2p takes the first entry of the *other* side's list, also when it is the initiator. In Noise the responder's
/// list leaves before the initiator's is known, so that it cannot be fitted to it. With one entry in our list both rules
/// give the same result; with two, a js dialer could end in another muxer than we do.
///
/// Lists without a common entry must fail by the specification; go-libp2p goes on with the ordinary negotiation of a
/// muxer instead. So do we: as our list is deliberately short, a peer that shares only a muxer we do not list is not
/// lost, and a peer that follows the letter closes the connection by itself.
enum MuxerChoice {
    /// What to offer of the muxers this node has: the preferred one alone.
    static func offer(from muxers: [ProtocolID]) -> [ProtocolID] {
        Array(muxers.prefix(1))
    }

    /// The muxer both sides arrive at, or nil if it is to be negotiated after the handshake.
    static func choose(initiator: [ProtocolID], responder: [ProtocolID]) -> ProtocolID? {
        initiator.first { responder.contains($0) }
    }
}
