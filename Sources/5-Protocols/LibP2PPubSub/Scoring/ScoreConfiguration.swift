public import Multiformats

/// How peers are judged, and what follows from it.
///
/// A subset of gossipsub 1.1's score, with the spec's names for its parts:
/// - in each topic that this node is in: P1, time in the mesh; P2, first deliveries; P4, invalid messages;
/// - for a peer as a whole: P6, peers that share its IP address; P7, bad behaviour.
///
/// P3 and P3b, deliveries that a mesh peer fails to make, are left out: they need a known rate of messages, and a hub's
/// topics are silent for minutes. P5, the application's own judgement, is left out as there is no application. The scale
/// and the thresholds are rust-libp2p's defaults; where it has none, the comment says what was weighed.
public struct ScoreConfiguration: Sendable, Hashable {
    /// P1: points for each second in a mesh; with the cap at most 1 point, so that it tips the scales between equals.
    public var timeInMeshWeight = 0.01
    /// P1: seconds that count.
    public var timeInMeshCap = 100.0
    /// P2: points for a message that a peer was the first to bring.
    public var firstDeliveryWeight = 0.5
    /// P2: first deliveries that count at a time, so that a flood buys no more than 10 points.
    public var firstDeliveryCap = 20.0
    /// P2: what is left of them after each heartbeat; half after 34 s.
    public var firstDeliveryDecay = 0.98
    /// P4: points for the square of invalid messages: the first costs 5, the fourth makes it 80.
    public var invalidMessageWeight = -5.0
    /// P4: what is left of them after each heartbeat; half after 12 minutes.
    public var invalidMessageDecay = 0.999
    /// P6: points for the square of the peers beyond the threshold on an IP address.
    public var colocationWeight = -1.0
    /// P6: peers on one IP address that are no cause for suspicion: an office of browsers behind one router.
    public var colocationThreshold = 32
    /// P6: networks whose peers do not count as sharing an address, as those of a proxy that they come through. Private
    /// addresses never do.
    public var colocationSpared: [IPPrefix] = []
    /// P7: points for the square of the offences beyond the threshold.
    public var behaviourWeight = -10.0
    /// P7: offences that happen to honest peers, whose clocks and queues are not ours.
    public var behaviourThreshold = 3.0
    /// P7: what is left of them after each heartbeat; half after 69 s.
    public var behaviourDecay = 0.99
    /// A counter below it is nothing.
    public var decayToZero = 0.01
    /// How long a bad score is remembered after a peer has gone, so that it can't shed it by coming again.
    public var retention = Duration.seconds(600)

    /// Below it there is no gossip to or from a peer.
    public var gossipThreshold = -10.0
    /// Below it a peer is not sent this node's own messages, nor any by floodsub.
    public var publishThreshold = -50.0
    /// Below it a peer is not listened to.
    public var graylistThreshold = -80.0
    /// From it on a peer is believed when it names others to connect to.
    public var exchangeThreshold = 0.0
    /// When the middle peer of a mesh is below it, better ones are looked for.
    public var opportunisticThreshold = 1.0

    /// The defaults.
    public init() {}

    /// What peers share that come from an address: the address, or all of an IPv6 /64; nil where it tells nothing.
    func sharedPlace(of address: IPAddress?) -> IPAddress? {
        guard let address = address?.unmapped, address.isPublic,
            !colocationSpared.contains(where: { $0.contains(address) })
        else { return nil }
        return address.customer
    }
}
