import DequeModule
public import LibP2PCore
public import LibP2PIdentity
public import Multiformats
import NIOCore
import Synchronization

/// A router that asks another one as seldom as it can: what was found is remembered for a while, that nothing was found for
/// a short while, and requests for the same at the same time share one search.
public final class CachingRouter: Router {
    /// What it may hold.
    public struct Limits: Sendable, Hashable {
        /// Answers that are remembered.
        public var answers = 10_000
        /// Bytes of all of them together, as far as they can be estimated: other servers' records may be large.
        public var bytes = 128 << 20
        /// Records of one search that are kept.
        public var recordsPerSearch = 1000
        /// How long an answer counts.
        public var freshness: Duration = .seconds(300)
        /// How long it counts that there is no answer, or none with an address.
        public var emptiness: Duration = .seconds(15)
        /// Searches under way, and whatever else the network is asked or told.
        public var searches = 256
        /// How long a search may take.
        public var searchTime: Duration = .seconds(30)

        /// The defaults.
        public init() {}
    }

    /// What it did so far.
    public struct Statistics: Sendable, Hashable {
        /// Requests that were answered from memory.
        public var hits: UInt64 = 0
        /// Requests that joined a search under way.
        public var joins: UInt64 = 0
        /// Searches that were begun.
        public var searches: UInt64 = 0
        /// Requests that were refused, as too many searches were under way.
        public var refusals: UInt64 = 0
        /// Searches under way.
        public var underWay = 0
        /// Answers that are remembered.
        public var answers = 0

        /// What two did together.
        public static func + (left: Statistics, right: Statistics) -> Statistics {
            var sum = left
            sum.hits += right.hits
            sum.joins += right.joins
            sum.searches += right.searches
            sum.refusals += right.refusals
            sum.underWay += right.underWay
            sum.answers += right.answers
            return sum
        }
    }

    private struct Answer {
        let records: [RoutingRecord]
        let bytes: Int
        let until: NIODeadline
    }

    private struct State {
        var answers: [RoutingQuestion: Answer] = [:]
        /// The oldest first; one that was replaced stands here twice.
        var order: Deque<RoutingQuestion> = []
        var byteCount = 0
        var searches: [RoutingQuestion: SharedSearch] = [:]
        /// What else the network is asked and told now.
        var others = 0
        var statistics = Statistics()
    }

    private let router: any Router
    private let limits: Limits
    private let executor: LoopExecutor
    private let state = Mutex(State())

    /// Puts itself before another router.
    ///
    /// - Parameter executor: where searches run, and whose clock counts.
    public init(_ router: any Router, limits: Limits = Limits(), on executor: LoopExecutor) {
        self.router = router
        self.limits = limits
        self.executor = executor
    }

    /// What it did so far.
    public var statistics: Statistics {
        state.withLock { state in
            var statistics = state.statistics
            statistics.underWay = state.searches.count + state.others
            statistics.answers = state.answers.count
            return statistics
        }
    }

    /// See ``Router``: what is remembered.
    public func known(_ question: RoutingQuestion) -> [RoutingRecord]? {
        let now = executor.now
        return state.withLock { Self.remembered(question, now: now, in: &$0) }
    }

    /// See ``Router``.
    public func findProviders(
        of cid: CID, limit: Int, onFound: @escaping @Sendable (RoutingRecord) -> Void
    ) async throws {
        let (router, most) = (router, limits.recordsPerSearch)
        try await answer(.providers(cid.multihash), limit: limit, onFound) { onFound in
            try await router.findProviders(of: cid, limit: most, onFound: onFound)
        }
    }

    /// See ``Router``.
    public func findPeer(_ peer: PeerID, onFound: @escaping @Sendable (RoutingRecord) -> Void) async throws {
        let router = router
        try await answer(.peer(peer), limit: 0, onFound) { try await router.findPeer(peer, onFound: $0) }
    }

    /// See ``Router``.
    public func closestPeers(
        to key: [UInt8], onStep: @escaping @Sendable (QueryEvent) -> Void
    ) async throws -> [RoutingRecord] {
        try await counted { try await router.closestPeers(to: key, onStep: onStep) }
    }

    /// See ``Router``. Values are not remembered: who asks wants the newest.
    public func value(of key: [UInt8]) async throws -> [UInt8]? {
        try await counted { try await router.value(of: key) }
    }

    /// See ``Router``.
    public func put(_ value: [UInt8], key: [UInt8]) async throws -> [PeerID] {
        try await counted { try await router.put(value, key: key) }
    }

    /// See ``Router``. Who provides the content is asked anew from then on.
    public func provide(_ cid: CID) async throws -> [PeerID] {
        state.withLock { Self.forget(.providers(cid.multihash), in: &$0) }
        return try await counted { try await router.provide(cid) }
    }

    /// See ``Router``. Who provides the content is asked anew from then on.
    public func beginProviding(_ cid: CID) async throws {
        state.withLock { Self.forget(.providers(cid.multihash), in: &$0) }
        try await router.beginProviding(cid)
    }

    // MARK: Asking

    private enum Way {
        case known([RoutingRecord])
        case search(SharedSearch, isNew: Bool)
        case refused
    }

    private func answer(
        _ question: RoutingQuestion, limit: Int, _ onFound: @escaping @Sendable (RoutingRecord) -> Void,
        _ search: @escaping @Sendable (@escaping @Sendable (RoutingRecord) -> Void) async throws -> Void
    ) async throws {
        switch way(to: question) {
        case .known(let records):
            for record in limit > 0 ? records.prefix(limit) : records[...] { onFound(record) }
        case .refused:
            throw busy
        case .search(let shared, let isNew):
            if isNew {
                shared.start(on: executor, within: limits.searchTime, search) { [weak self] outcome in
                    self?.ended(question, shared, outcome)
                }
            }
            try await shared.read(limit: limit, onFound: onFound)
        }
    }

    private var busy: RoutingError {
        RoutingError(.busy, "\(limits.searches) searches are under way; ask again in a moment")
    }

    /// Does what is not shared, if there is a place for it.
    private func counted<Result>(_ work: () async throws -> Result) async throws -> Result {
        let isFree = state.withLock { state in
            guard state.searches.count + state.others < limits.searches else {
                state.statistics.refusals += 1
                return false
            }
            state.others += 1
            return true
        }
        guard isFree else { throw busy }
        defer { state.withLock { $0.others -= 1 } }
        return try await work()
    }

    private func way(to question: RoutingQuestion) -> Way {
        let now = executor.now
        return state.withLock { state in
            if let records = Self.remembered(question, now: now, in: &state) { return .known(records) }
            if let search = state.searches[question] {
                state.statistics.joins += 1
                return .search(search, isNew: false)
            }
            guard state.searches.count + state.others < limits.searches else {
                state.statistics.refusals += 1
                return .refused
            }
            let search = SharedSearch(capacity: limits.recordsPerSearch)
            state.searches[question] = search
            state.statistics.searches += 1
            return .search(search, isNew: true)
        }
    }

    private static func remembered(
        _ question: RoutingQuestion, now: NIODeadline, in state: inout State
    ) -> [RoutingRecord]? {
        guard let answer = state.answers[question] else { return nil }
        guard now < answer.until else {
            forget(question, in: &state)
            return nil
        }
        state.statistics.hits += 1
        return answer.records
    }

    private func ended(_ question: RoutingQuestion, _ search: SharedSearch, _ outcome: SharedSearch.Outcome) {
        let now = executor.now
        state.withLock { state in
            guard state.searches[question] === search else { return }
            state.searches[question] = nil
            guard case .complete(let records) = outcome else { return }
            // That a peer is somewhere, and not where, is as good as nothing: it may have just come.
            let isEmpty = records.allSatisfy(\.addresses.isEmpty)
            let time = isEmpty ? limits.emptiness : limits.freshness
            Self.forget(question, in: &state)
            let bytes = records.reduce(0) { $0 + $1.size }
            state.answers[question] = Answer(records: records, bytes: bytes, until: now + TimeAmount(time))
            state.order.append(question)
            state.byteCount += bytes
            while state.answers.count > limits.answers || state.byteCount > limits.bytes
                || state.order.count > 2 * limits.answers, let oldest = state.order.popFirst()
            {
                Self.forget(oldest, in: &state)
            }
        }
    }

    private static func forget(_ question: RoutingQuestion, in state: inout State) {
        if let answer = state.answers.removeValue(forKey: question) { state.byteCount -= answer.bytes }
    }
}
