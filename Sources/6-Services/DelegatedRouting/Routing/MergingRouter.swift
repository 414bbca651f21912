public import LibP2PCore
public import LibP2PIdentity
import LibP2PKademlia
public import Multiformats
import Synchronization

/// The own DHT and other servers as one router: all are asked at once, and what they find is told as it comes, each peer
/// once (``MergedRecords``). A search fails only when all of them do.
///
/// What is published goes to the DHT first of all: other servers get records of names besides.
public final class MergingRouter: Router {
    private let own: any Router
    private let others: [any Router]
    private let executor: LoopExecutor
    private let patience: Duration

    /// Peers without addresses of one search that are looked for in the own DHT.
    private static let maxHomeless = 16

    /// Puts routers together.
    ///
    /// - Parameters:
    ///   - own: the DHT, whose word counts most.
    ///   - others: further sources.
    ///   - patience: how long a value of another source waits for the DHT's, which may be newer.
    ///   - executor: whose clock counts.
    public init(
        own: any Router, others: [any Router], patience: Duration = .seconds(3), on executor: LoopExecutor
    ) {
        self.own = own
        self.others = others
        self.patience = patience
        self.executor = executor
    }

    // MARK: Peers

    /// See ``Router``. Addresses of providers that come without any are looked for in the DHT.
    public func findProviders(
        of cid: CID, limit: Int, onFound: @escaping @Sendable (RoutingRecord) -> Void
    ) async throws {
        try await search(limit: limit, onFound) { router, found in
            try await router.findProviders(of: cid, limit: limit, onFound: found)
        }
    }

    /// See ``Router``.
    public func findPeer(_ peer: PeerID, onFound: @escaping @Sendable (RoutingRecord) -> Void) async throws {
        try await search(limit: 0, onFound) { router, found in try await router.findPeer(peer, onFound: found) }
    }

    /// How a part of a search ended.
    private enum Ending: Sendable {
        case source((any Error)?)
        case homeless
        case full
        /// Nobody waits any more.
        case over
    }

    private func search(
        limit: Int, _ onFound: @escaping @Sendable (RoutingRecord) -> Void,
        _ ask: @escaping @Sendable (any Router, @escaping @Sendable (RoutingRecord) -> Void) async throws -> Void
    ) async throws {
        let merged = Mutex(MergedRecords(limit: limit))
        let (full, fullSignal) = AsyncStream.makeStream(of: Void.self)
        let (homeless, finder) = AsyncStream.makeStream(
            of: RoutingRecord.self, bufferingPolicy: .bufferingOldest(Self.maxHomeless))
        let tell: @Sendable (RoutingRecord) -> Void = { record in
            // Told under the lock, so that of two records of one peer the fuller one comes last.
            let isFull = merged.withLock { merged in
                if let news = merged.add(record) { onFound(news) }
                return merged.isFull
            }
            if isFull { fullSignal.yield() }
        }
        let isReachable: @Sendable (PeerID) -> Bool = { peer in merged.withLock { $0.knowsAddresses(of: peer) } }
        var failures: [any Error] = []
        try await withThrowingTaskGroup(of: Ending.self) { group in
            for (index, router) in ([own] + others).enumerated() {
                group.addTask {
                    do {
                        try await ask(router) { record in
                            // The DHT has looked for addresses already.
                            guard record.addresses.isEmpty, index > 0 else { return tell(record) }
                            if case .enqueued = finder.yield(record) { return }
                            tell(record)
                        }
                        return .source(nil)
                    } catch {
                        return .source(error)
                    }
                }
            }
            group.addTask { [own] in
                for await record in homeless {
                    if !isReachable(record.id) {
                        try? await own.findPeer(record.id) { tell($0) }
                    }
                    tell(record)
                }
                return .homeless
            }
            group.addTask {
                for await _ in full { return .full }
                return .over
            }
            var asking = 1 + others.count
            for try await ending in group {
                switch ending {
                case .source(let failure):
                    asking -= 1
                    if let failure { failures.append(failure) }
                    if asking == 0 { finder.finish() }
                case .homeless: fullSignal.finish()
                case .full: group.cancelAll()
                case .over: break
                }
            }
        }
        try Task.checkCancellation()
        if failures.count == 1 + others.count, !merged.withLock({ $0.hasAny }) { throw failures[0] }
    }

    /// See ``Router``. Who is near is asked of the own network; of another server only when there is none.
    public func closestPeers(
        to key: [UInt8], onStep: @escaping @Sendable (QueryEvent) -> Void
    ) async throws -> [RoutingRecord] {
        let found = try await own.closestPeers(to: key, onStep: onStep)
        guard found.isEmpty else { return found }
        return await withTaskGroup(of: [RoutingRecord].self) { group in
            for router in others {
                group.addTask { (try? await router.closestPeers(to: key, onStep: { _ in })) ?? [] }
            }
            for await found in group where !found.isEmpty {
                group.cancelAll()
                return found
            }
            return []
        }
    }

    // MARK: Values

    /// A source's answer to the question for a value.
    private enum Answer: Sendable {
        case own(Result<[UInt8]?, any Error>)
        case other([UInt8]?)
        case impatience
    }

    /// See ``Router``. Of several values the better one counts. When the DHT has answered, and there is a value, nobody
    /// waits for other servers; and when one of these has it, the DHT is waited for only a little.
    public func value(of key: [UInt8]) async throws -> [UInt8]? {
        try await withThrowingTaskGroup(of: Answer.self) { group in
            defer { group.cancelAll() }
            group.addTask { [own] in
                do {
                    return .own(.success(try await own.value(of: key)))
                } catch {
                    return .own(.failure(error))
                }
            }
            for router in others {
                group.addTask { .other(try? await router.value(of: key)) }
            }
            var (best, isOwnOver, asking) = (nil as [UInt8]?, false, 1 + others.count)
            var failure: (any Error)?
            while asking > 0, let answer = try await group.next() {
                switch answer {
                case .own(let result):
                    asking -= 1
                    isOwnOver = true
                    switch result {
                    case .success(let value): best = Self.better(best, value)
                    case .failure(let error): failure = error
                    }
                case .other(let value):
                    asking -= 1
                    guard let value else { continue }
                    if best == nil, !isOwnOver {
                        group.addTask { [executor, patience] in
                            try await executor.sleep(for: patience)
                            return .impatience
                        }
                    }
                    best = Self.better(best, value)
                case .impatience: return best
                }
                if isOwnOver, best != nil { return best }
            }
            if let failure, best == nil { throw failure }
            return best
        }
    }

    /// The better one of two values, which were verified by those who found them.
    package static func better(_ left: [UInt8]?, _ right: [UInt8]?) -> [UInt8]? {
        guard let left, let right else { return left ?? right }
        guard let one = try? IPNSRecord(bytes: left), let other = try? IPNSRecord(bytes: right) else { return left }
        return other.isBetter(than: one) ? right : left
    }

    /// See ``Router``. What the DHT refuses is refused; what it can't take now counts when another server took it.
    public func put(_ value: [UInt8], key: [UInt8]) async throws -> [PeerID] {
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for router in others {
                group.addTask { (try? await router.put(value, key: key)) != nil }
            }
            var (told, failure) = ([] as [PeerID], nil as (any Error)?)
            do {
                told = try await own.put(value, key: key)
            } catch let error as RoutingError where [.invalidRecord, .outdatedRecord].contains(error.code) {
                throw error
            } catch {
                failure = error
            }
            let wasTaken = try await group.reduce(false) { $0 || $1 }
            if let failure, !wasTaken { throw failure }
            return told
        }
    }

    /// See ``Router``. Only a DHT has providers told to it.
    public func provide(_ cid: CID) async throws -> [PeerID] { try await own.provide(cid) }

    /// See ``Router``.
    public func beginProviding(_ cid: CID) async throws { try await own.beginProviding(cid) }
}
