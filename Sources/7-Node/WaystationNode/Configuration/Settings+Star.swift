import Redis
import StarSignalling

// What the signalling server for browsers gives away. The defaults are its own.
extension Settings {
    static let starRedis: Setting<RedisURL?> = Setting(
        "star.redis", .optional(.redis), default: nil, "none",
        help: "the Redis, as `redis://[user:password@]host[:port][/db]`, through which several nodes form one star")

    static let starRefresh: Setting<Duration> = Setting(
        "star.refresh", .duration, default: .seconds(10), "10s",
        help: "how often joined peers are told of one another again; 0 for never")

    static let starMaxPeers = Setting.limit(
        "star.maxPeers", default: StarLimits().peers, help: "peers that may be joined at this node")

    static let starRefreshPeers = Setting.limit(
        "star.refreshPeers", default: 256,
        help: "of how many others a peer is told when it joins and at each refresh, at most")

    static let starMaxSocketsPerIP = Setting.limit(
        "star.maxSocketsPerIp", default: StarLimits().socketsPerIP.count,
        help: "signalling sockets of one IP address (one /64 for IPv6)")

    static let starMaxJoinsPerIP = Setting.limit(
        "star.maxJoinsPerIp", default: StarLimits().joinsPerIP.count,
        help: "joins a second from one IP address over time; ten times as many may come at once")

    static let starMaxEvents = Setting.limit(
        "star.maxEvents", default: StarLimits().eventsPerSecond, help: "events a second on one socket over time")

    static let starMaxEventBurst = Setting.limit(
        "star.maxEventBurst", default: StarLimits().eventBurst, help: "events at once on one socket, after a pause")

    static let starAllowedOrigin: Setting<[String]> = Setting(
        "star.allowedOrigin", .list(of: .origin), default: [], "any",
        help: "origins of the pages that may use the star, as `https://app.example.org`")

    static let star: [any SettingDefinition] = [
        starRedis, starRefresh, starMaxPeers, starRefreshPeers, starMaxSocketsPerIP, starMaxJoinsPerIP,
        starMaxEvents, starMaxEventBurst, starAllowedOrigin,
    ]
}

extension SettingKind where Value == RedisURL {
    /// Where a Redis is.
    static var redis: SettingKind {
        SettingKind("URL") { text in
            do {
                return try RedisURL(text)
            } catch {
                throw UnreadableValue("\(error)")
            }
        }
    }
}

extension SettingKind where Value == String {
    /// Where a page comes from, as browsers write it.
    static var origin: SettingKind {
        SettingKind("ORIGIN") { text in
            let parts = text.split(separator: "/", omittingEmptySubsequences: false)
            guard parts.count == 3, parts[0].hasSuffix(":"), parts[0].count > 1, parts[1].isEmpty, !parts[2].isEmpty
            else { throw UnreadableValue("write an origin as https://app.example.org, without a path") }
            return text.lowercased()
        }
    }
}
