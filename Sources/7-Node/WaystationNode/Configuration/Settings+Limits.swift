import LibP2PCore
import LibP2PHost
import LibP2PMuxers
import NodeStorage

// What the node as a whole may hold. The defaults are those of the part that holds the limit.
extension Settings {
    static let limitsConnections = Setting.limit(
        "limits.connections", default: ConnectionLimits().total,
        help: "libp2p connections in all; they are trimmed at 90 % of it")

    static let limitsConnectionsPerIP = Setting.limit(
        "limits.connectionsPerIp", default: ConnectionLimits().perIP,
        help: "libp2p connections of one IP address (of one /64 for IPv6)")

    static let limitsConnectionsPerSubnet = Setting.limit(
        "limits.connectionsPerSubnet", default: ConnectionLimits().perSubnet,
        help: "libp2p connections of one network: /24 for IPv4, /56 for IPv6")

    static let limitsConnectionsPerPeer = Setting.limit(
        "limits.connectionsPerPeer", default: ConnectionLimits().perPeer, help: "libp2p connections of one peer")

    static let limitsConnectionRatePerIP = Setting.limit(
        "limits.connectionRatePerIp", default: ConnectionLimits().ratePerIP,
        help: "new libp2p connections a second of one IP address (of one /64 for IPv6), over time")

    static let limitsConnectionBurstPerIP = Setting.limit(
        "limits.connectionBurstPerIp", default: ConnectionLimits().burstPerIP,
        help: "new libp2p connections that one IP address (one /64 for IPv6) may make at once, above that rate")

    static let limitsHandshakes = Setting.limit(
        "limits.handshakes", default: ConnectionLimits().handshakes,
        help: "inbound handshakes under way; when there are more the oldest gives way")

    static let limitsHandshakeTime = Setting<Duration>(
        "limits.handshakeTime", .duration, default: HostConfiguration().handshakeTimeout, "15s",
        help: "from the first byte of a libp2p connection to its readiness")

    static let limitsStreamsPerConnection = Setting.limit(
        "limits.streamsPerConnection", default: YamuxSettings().maxInboundStreams,
        help: "streams that a peer may hold open on one connection, of all protocols")

    static let limitsStreamsPerProtocol = Setting.limit(
        "limits.streamsPerProtocol", default: HostConfiguration().streamsPerProtocol,
        help: "inbound streams of one protocol in the whole node")

    static let limitsStreamBuffers = Setting.sizeLimit(
        "limits.streamBuffers", default: 512 << 20, "512MiB",
        help: "bytes that all streams of the node may hold unread together")

    static let limitsKnownPeers = Setting.limit(
        "limits.knownPeers", default: HostConfiguration().maxKnownPeers,
        help: "peers in the peer store; the one that was not heard of for longest gives way")

    static let limitsPendingChanges = Setting.limit(
        "limits.pendingChanges", default: NodeStorage.defaultPendingLimit,
        help: "changes of records and peers that may wait for the disk; what comes beyond is given up")

    static let limitsHTTPConnections = Setting.limit(
        "limits.httpConnections", default: 2048,
        help: "connections to the front door in all, before they become libp2p connections")

    static let limitsHTTPConnectionsPerIP = Setting.limit(
        "limits.httpConnectionsPerIp", default: 64,
        help: "connections to the front door of one IP address (of one /64 for IPv6)")

    static let limits: [any SettingDefinition] = [
        limitsConnections, limitsConnectionsPerIP, limitsConnectionsPerSubnet, limitsConnectionsPerPeer,
        limitsConnectionRatePerIP, limitsConnectionBurstPerIP, limitsHandshakes, limitsHandshakeTime,
        limitsStreamsPerConnection, limitsStreamsPerProtocol, limitsStreamBuffers, limitsKnownPeers,
        limitsPendingChanges, limitsHTTPConnections, limitsHTTPConnectionsPerIP,
    ]
}
