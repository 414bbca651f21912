public import LibP2PCore
public import Multiformats
import NIOCore
import Synchronization

/// The star: peers join under addresses, learn of one another, and have their handshakes passed on.
///
/// It stands behind the default namespace of socket.io and is free of sockets' ways: what it knows of a client is a
/// ``ServerSocket``. The protocol is that of js-libp2p-webrtc-star's signalling server.
public final class StarHub: SocketService {
    /// What happened so far.
    public let counters = StarCounters()

    /// Who is joined.
    package let roster: StarRoster
    let limits: StarLimits

    private let pace: StarShard.Pace
    private let isSpared: @Sendable (IPAddress) -> Bool
    private let shards: ShardList
    private let sources = Mutex(SourceBook())
    private let link = Mutex<(any StarLink)?>(nil)
    private let sockets = Atomic<Int>(0)

    /// Makes a star without peers.
    ///
    /// - Parameters:
    ///   - refresh: how often peers are told of one another again; zero for never.
    ///   - refreshPeers: of how many others a peer is told at once, at most; 0 is unlimited.
    ///   - isSparedPerIP: addresses that no default limit for each IP address holds for.
    public init(
        limits: StarLimits = StarLimits(), refresh: Duration = .seconds(10), refreshPeers: Int = 256,
        isSparedPerIP: @escaping @Sendable (IPAddress) -> Bool = { _ in false }, clock: WallClock = .system,
        random: RandomSource = RandomSource()
    ) {
        self.limits = limits
        pace = StarShard.Pace(refresh: refresh)
        isSpared = isSparedPerIP
        let shards = ShardList()
        self.shards = shards
        roster = StarRoster(
            node: StarNodeID(random), limit: limits.peers, listed: refreshPeers, clock: clock,
            announce: { shards.post($0) })
    }

    /// Makes the star one of several nodes, or of one only.
    package func connect(to link: (any StarLink)?) { self.link.withLock { $0 = link } }

    var currentLink: (any StarLink)? { link.withLock { $0 } }

    /// Sockets that are connected to the star, joined or not.
    public var socketCount: Int { sockets.load(ordering: .relaxed) }

    // MARK: Sockets

    /// See ``SocketService``.
    package func admit(_ source: IPAddress?) -> Bool {
        guard let source, limits.socketsPerIP.binds(isSpared: isSpared(source)),
            sources.withLock({ $0.sockets(of: source) }) >= limits.socketsPerIP.count
        else { return true }
        counters.count(.socketsPerIP)
        return false
    }

    /// See ``SocketService``.
    package func connected(_ socket: ServerSocket) {
        let shard = shards.shard(of: socket.executor) {
            StarShard(socket.executor, roster: roster, counters: counters, pace: pace)
        }
        let events = TokenBucket(capacity: limits.eventBurst, now: socket.executor.now)
        let member = StarMember(socket, shard: shard, events: events)
        socket.service = member
        shard.add(member)
        sockets.wrappingAdd(1, ordering: .relaxed)
        if let source = socket.source { sources.withLock { $0.opened(source) } }
    }

    /// See ``SocketService``.
    package func disconnected(_ socket: ServerSocket) {
        guard let member = socket.service as? StarMember else { return }
        socket.service = nil
        leave(member)
        member.shard.remove(member)
        sockets.wrappingSubtract(1, ordering: .relaxed)
        if let source = socket.source { sources.withLock { $0.closed(source) } }
    }

    /// Whether an address may join once more now.
    func takeJoin(of source: IPAddress?, now: NIODeadline) -> Bool {
        guard let source, limits.joinsPerIP.binds(isSpared: isSpared(source)) else { return true }
        return sources.withLock { $0.takeJoin(source, perSecond: limits.joinsPerIP.count, now: now) }
    }
}

/// The shards of all loops that have sockets.
private final class ShardList: Sendable {
    private let shards = Mutex<[StarShard]>([])

    /// The one of a loop, made when there is none.
    func shard(of executor: LoopExecutor, make: () -> StarShard) -> StarShard {
        shards.withLock { shards in
            if let shard = shards.first(where: { $0.executor === executor }) { return shard }
            let shard = make()
            shards.append(shard)
            return shard
        }
    }

    func post(_ announcement: Announcement) {
        for shard in shards.withLock({ $0 }) { shard.post(announcement) }
    }
}
