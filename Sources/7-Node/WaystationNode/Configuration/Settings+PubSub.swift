import LibP2PPubSub

// Where peers find one another by publish and subscribe.
extension Settings {
    static let pubsubTopic: Setting<[String]> = Setting(
        "pubsub.topic", .list(of: .name), default: [PeerDiscoveryMessage.topic], "`\(PeerDiscoveryMessage.topic)`",
        help: "topics that the node is a hub of: what one peer publishes there reaches the others")

    static let pubsubAnnounce: Setting<Bool> = Setting(
        "pubsub.announce", .toggle, default: false, "off",
        help: "the node announces itself in these topics, in the form that js-libp2p reads since October 2022")

    static let pubsubMaxPeers = Setting.limit(
        "pubsub.maxPeers", default: PubSubLimits().peers, help: "peers that the hub serves at a time")

    static let pubsub: [any SettingDefinition] = [pubsubTopic, pubsubAnnounce, pubsubMaxPeers]
}
