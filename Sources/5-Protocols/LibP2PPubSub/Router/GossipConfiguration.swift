/// The parameters of gossipsub. The defaults are the spec's and go-libp2p's.
public struct GossipConfiguration: Sendable, Hashable {
    /// D: peers that a mesh wants.
    public var degree = 6
    /// Dlo: with fewer, peers are taken in.
    public var degreeLow = 5
    /// Dhi: with more, peers are sent away.
    public var degreeHigh = 12
    /// Dscore: when peers are sent away, so many stay for their score; the others by lot.
    public var degreeScore = 4
    /// Dout: peers in a mesh that this node dialled, whom no attacker chose.
    public var degreeOut = 2
    /// Dlazy: peers outside of the mesh that are gossiped to, at least.
    public var degreeLazy = 6
    /// The part of the peers outside of the mesh that are gossiped to, when that is more.
    public var gossipFactor = 0.25
    /// The time between two rounds of upkeep.
    public var heartbeat = Duration.seconds(1)
    /// How long the peers are kept to whom this node publishes in a topic that it is not in.
    public var fanoutLifetime = Duration.seconds(60)
    /// Heartbeats that a message is kept to be asked for.
    public var historyLength = 5
    /// Heartbeats that a message is gossiped about.
    public var historyGossip = 3
    /// How long an id is remembered, so that its message is handled once.
    public var seenLifetime = Duration.seconds(120)
    /// How long a peer that was sent out of a mesh stays out.
    public var pruneBackoff = Duration.seconds(60)
    /// The same after this node has left the topic.
    public var unsubscribeBackoff = Duration.seconds(10)
    /// The longest time that another peer may keep this one out: no spec names one.
    public var maxBackoff = Duration.seconds(3600)
    /// A peer that comes back within so short a time after it was sent out is a flooder.
    public var graftFlood = Duration.seconds(10)
    /// Peers that are named to one that is sent away, and that are believed of those one names.
    public var exchangedPeers = 16
    /// Ids that a peer may advertise within a heartbeat.
    public var maxAdvertisedIDs = 5_000
    /// RPCs in which it may do so within a heartbeat.
    public var maxAdvertisements = 10
    /// How often a peer may ask for the same message.
    public var maxRetransmissions = 3
    /// How long a peer may take to send what it advertised.
    public var followUp = Duration.seconds(3)
    /// Messages from so many bytes on are announced to the mesh by IDONTWANT, which is shorter.
    public var announcedSize = 1_024
    /// Ids that a peer may say it needs no more, within a heartbeat.
    public var maxUnwantedIDs = 512
    /// Heartbeats that this is remembered.
    public var unwantedLifetime = 3
    /// Whether own messages go to all peers of their topic instead of to its mesh.
    public var floodsPublishing = true
    /// Heartbeats between two looks at how good a mesh is.
    public var opportunisticHeartbeats: UInt64 = 60
    /// Peers that are then taken in.
    public var opportunisticPeers = 2
    /// Whether connections are made to peers that others name.
    public var acceptsExchange = true
    /// How peers are judged.
    public var score = ScoreConfiguration()
    /// What is kept in memory.
    public var limits = PubSubLimits()

    /// The defaults.
    public init() {}

    /// For a node through which peers meet that know no other one. Each of them has its whole mesh here, so many more are
    /// taken in than a mesh among equals needs; those beyond hear by gossip, later and not of everything.
    public static var hub: GossipConfiguration {
        var hub = GossipConfiguration()
        hub.degree = 96
        hub.degreeHigh = 128
        return hub
    }
}

/// What a node holds for pubsub at most.
public struct PubSubLimits: Sendable, Hashable {
    /// Peers with a pubsub stream; further ones are refused.
    public var peers = 5_000
    /// Topics that this node is in.
    public var topics = 1_000
    /// Topics of a peer that are remembered, beside those that this node is in.
    public var topicsPerPeer = 100
    /// The longest topic, in bytes of UTF-8.
    public var topicLength = 256
    /// The longest data that is published, in bytes; with its signature it must fit into an RPC.
    public var messageLength = (1 << 20) - 8 * 1024
    /// Messages of a peer that are looked at within a heartbeat; further ones are dropped and count as an offence. It
    /// bounds what a flood costs in signatures.
    public var messagesPerHeartbeat = 500
    /// Ids that are remembered.
    public var seenIDs = 200_000
    /// Bytes of messages that are kept to be asked for.
    public var cacheBytes = 32 << 20
    /// Bytes that wait for one peer; further messages to it are dropped. Peers share the bytes of a message.
    public var queueBytes = 1 << 20
    /// RPCs that wait for one peer; further ones with messages are dropped.
    public var queueLength = 512
    /// A peer that takes nothing for so long while something waits is given up.
    public var stallTime = Duration.seconds(30)
    /// Peers that are kept out of one mesh for a time.
    public var backoffs = 10_000
    /// Peers whose bad score is remembered after they left.
    public var retainedScores = 10_000
    /// Advertised messages that are watched for at a time.
    public var promises = 10_000
    /// Topics that this node publishes in without being in them.
    public var fanoutTopics = 100

    /// The defaults.
    public init() {}
}
