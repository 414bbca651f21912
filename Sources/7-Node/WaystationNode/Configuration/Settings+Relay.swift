import LibP2PIdentity
import LibP2PRelay
import Multiformats

// What the relay gives away, and to whom. All but the times of advertising change without a restart.
extension Settings {
    static let relayMaxReservations = Setting.limit(
        "relay.maxReservations", default: RelayLimits().reservations, help: "reservations in all")

    static let relayMaxReservationsPerIP = Setting.limit(
        "relay.maxReservationsPerIp", default: RelayLimits().reservationsPerIP.count,
        help: "reservations of peers at one IP address (one /64 for IPv6)")

    static let relayMaxReservationsPerSubnet = Setting.limit(
        "relay.maxReservationsPerSubnet", default: RelayLimits().reservationsPerSubnet.count,
        help: "reservations of peers in one network: /24 for IPv4, /56 for IPv6")

    static let relayReservationTime: Setting<Duration> = Setting(
        "relay.reservationTime", .duration, default: RelayLimits().reservationLifetime, "1h",
        help: "how long a reservation lasts unless its peer renews it; 0 is the longest there is, a year")

    static let relayMaxCircuits = Setting.limit(
        "relay.maxCircuits", default: RelayLimits().circuits, help: "circuits in all, of both versions")

    static let relayMaxCircuitsPerPeer = Setting.limit(
        "relay.maxCircuitsPerPeer", default: RelayLimits().circuitsPerPeer,
        help: "circuits that one peer may be part of, at either end")

    static let relayMaxCircuitsPerIP = Setting.limit(
        "relay.maxCircuitsPerIp", default: RelayLimits().circuitsPerIP.count,
        help: "circuits opened from one IP address (one /64 for IPv6)")

    static let relayMaxCircuitsPerSubnet = Setting.limit(
        "relay.maxCircuitsPerSubnet", default: RelayLimits().circuitsPerSubnet.count,
        help: "circuits opened from one network: /24 for IPv4, /56 for IPv6")

    static let relayMaxDuration: Setting<Duration> = Setting(
        "relay.maxDuration", .duration, default: CircuitBounds().duration, "2m", help: "how long a circuit may last")

    static let relayMaxData = Setting.sizeLimit(
        "relay.maxData", default: Int(clamping: CircuitBounds().bytes), "128KiB",
        help: "bytes that a circuit may carry in each direction")

    static let relayMaxRate = Setting.sizeLimit(
        "relay.maxRate", default: CircuitBounds().bytesPerSecond, "0",
        help: "bytes a second that a circuit may carry in each direction; faster senders are slowed down")

    static let relayAllow: Setting<[PeerID]> = Setting(
        "relay.allow", .list(of: .peerID), default: [], "everybody", help: "the only peers that may reserve a place")

    static let relayDeny: Setting<[PeerID]> = Setting(
        "relay.deny", .list(of: .peerID), default: [], "nobody",
        help: "peers that may neither reserve a place nor open circuits")

    static let relayAllowTarget: Setting<[PeerID]> = Setting(
        "relay.allowTarget", .list(of: .peerID), default: [], "everybody",
        help: "the only peers that may be reached through the relay")

    static let relayDenyTarget: Setting<[PeerID]> = Setting(
        "relay.denyTarget", .list(of: .peerID), default: [], "nobody",
        help: "peers that nobody may reach through the relay")

    static let relayAdvertiseDelay: Setting<Duration> = Setting(
        "relay.advertiseDelay", .duration, default: RelayAdvertiser.Schedule().bootDelay, "15s",
        help: "from the start to the first time that the node publishes in the DHT that it relays")

    static let relayAdvertiseInterval: Setting<Duration> = Setting(
        "relay.advertiseInterval", .duration, default: RelayAdvertiser.Schedule().interval, "30m",
        help: "from one such publication to the next; 0 for none at all")

    static let relayClient: Setting<[Multiaddr]> = Setting(
        "relay.client", .list(of: .multiaddr), default: [], "none",
        help: "relays, with their `/p2p/` ids, through which this node is reached where nobody can dial it")

    static let relayClientPlaces = Setting.limit(
        "relay.clientPlaces", default: AutoRelay.Configuration().wanted,
        help: "at how many of these relays the node holds a place at a time; 0 for all")

    static let relay: [any SettingDefinition] = [
        relayMaxReservations, relayMaxReservationsPerIP, relayMaxReservationsPerSubnet, relayReservationTime,
        relayMaxCircuits, relayMaxCircuitsPerPeer, relayMaxCircuitsPerIP, relayMaxCircuitsPerSubnet,
        relayMaxDuration, relayMaxData, relayMaxRate, relayAllow, relayDeny, relayAllowTarget, relayDenyTarget,
        relayAdvertiseDelay, relayAdvertiseInterval, relayClient, relayClientPlaces,
    ]
}

extension SettingKind where Value == PeerID {
    /// A peer id in either of its text forms.
    static var peerID: SettingKind {
        SettingKind("PEER") { text in
            do {
                return try PeerID(text)
            } catch {
                throw UnreadableValue("\(error)")
            }
        }
    }
}
