import DelegatedRouting
import LibP2PIdentity
import NodeStorage

// What the delegate answers, and to whom. The defaults are its own.
extension Settings {
    static let delegateMaxRequestsPerIP = Setting.limit(
        "delegate.maxRequestsPerIp", default: 50,
        help: "requests a second from one IP address (one /64 for IPv6) over time")

    static let delegateMaxRequestBurstPerIP = Setting.limit(
        "delegate.maxRequestBurstPerIp", default: 500, help: "requests at once from one IP address, after a pause")

    static let delegateMaxSearches = Setting.limit(
        "delegate.maxSearches", default: CachingRouter.Limits().searches,
        help: "searches under way; requests for the same share one")

    static let delegateCacheTime: Setting<Duration> = Setting(
        "delegate.cacheTime", .duration, default: CachingRouter.Limits().freshness, "5m",
        help: "how long what was found is answered from memory; 0 for not at all")

    static let delegateBlockCache = Setting.sizeLimit(
        "delegate.blockCache", default: DiskBlockStore.Limits().bytes, "1GiB",
        help: "bytes of blocks that are kept for clients on disk; those that were not used for longest go first")

    static let delegateBlockAge: Setting<Duration> = Setting(
        "delegate.blockAge", .duration, default: DiskBlockStore.Limits().age, "48h",
        help: "how long a block is kept, and provided, after a client last asked for it to be")

    static let delegateToken: Setting<String?> = Setting(
        "delegate.token", .optional(.word), default: nil, "none",
        help: "what `Authorization: Bearer` must say for `swarm/connect`, `provide` and `put`")

    static let delegateAllowPeer: Setting<[PeerID]> = Setting(
        "delegate.allowPeer", .list(of: .peerID), default: [], "none",
        help: "peers that may call `swarm/connect`, `provide` and `put`, and prove who they are by `libp2p-PeerID`")

    static let delegateForbid: Setting<[DelegateCall]> = Setting(
        "delegate.forbid", .list(of: .oneOf("CALL")), default: [], "none",
        help: "what clients may not have this node do: "
            + DelegateCall.allCases.map { "`\($0.rawValue)`" }.joined(separator: ", "))

    static let delegateAllowedOrigin: Setting<[String]> = Setting(
        "delegate.allowedOrigin", .list(of: .origin), default: [], "any",
        help: "origins of the pages that may use `/api/v0`, as `https://app.example.org`")

    static let delegateUpstream: Setting<[UpstreamURL]> = Setting(
        "delegate.upstream", .list(of: .upstream), default: [], "none",
        help: "other servers of `/routing/v1`, as `https://delegate.example.org`, that are asked beside the own DHT")

    static let delegateUpstreamTimeout: Setting<Duration> = Setting(
        "delegate.upstreamTimeout", .duration, default: Upstream.Settings().timeLimit, "10s",
        help: "how long such a server may take for an answer, 30s at most; what it said until then counts")

    static let delegate: [any SettingDefinition] = [
        delegateMaxRequestsPerIP, delegateMaxRequestBurstPerIP, delegateMaxSearches, delegateCacheTime,
        delegateBlockCache, delegateBlockAge, delegateToken, delegateAllowPeer, delegateForbid,
        delegateAllowedOrigin, delegateUpstream, delegateUpstreamTimeout,
    ]
}

extension SettingKind where Value == UpstreamURL {
    /// Where another delegate is.
    static var upstream: SettingKind {
        SettingKind("URL") { text in
            do throws(RoutingError) {
                return try UpstreamURL(text)
            } catch {
                throw UnreadableValue(error.message)
            }
        }
    }
}

extension SettingKind where Value == String {
    /// A secret without spaces.
    static var word: SettingKind {
        SettingKind("TOKEN") { text in
            guard text.allSatisfy({ !$0.isWhitespace && $0.isASCII }), text.count >= 8 else {
                throw UnreadableValue("a token has at least eight characters of ASCII, without spaces")
            }
            return text
        }
    }
}
