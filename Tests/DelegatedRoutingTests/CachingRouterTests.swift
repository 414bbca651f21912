import LibP2PCore
import LibP2PIdentity
import LibP2PTesting
import Multiformats
import NIOCore
import Synchronization
import Testing

@testable import DelegatedRouting

@Suite("Searches are shared, and what they found is remembered for a while")
struct CachingRouterTests {
    private let loop = SimulatedLoop()
    private let executor: LoopExecutor
    private let source = ScriptedRouter()

    init() { executor = LoopExecutor(loop) }

    private static func cid(_ text: String) -> CID { CID(codec: .raw, multihash: .sha256(of: Array(text.utf8))) }

    /// What a request was told, and how it ended.
    private final class Reader: Sendable {
        let found = Mutex<[RoutingRecord]>([])
        let end = Mutex<Result<Void, any Error>?>(nil)
        var count: Int { found.withLock { $0.count } }
        var isOver: Bool { end.withLock { $0 != nil } }
        var error: RoutingError? {
            end.withLock { end in
                if case .failure(let error) = end { return error as? RoutingError }
                return nil
            }
        }
    }

    @discardableResult
    private func ask(_ router: CachingRouter, _ text: String, limit: Int = 0) -> (
        reader: Reader, task: Task<Void, Never>
    ) {
        let reader = Reader()
        let task = executor.spawn {
            do {
                try await router.findProviders(of: Self.cid(text), limit: limit) { record in
                    reader.found.withLock { $0.append(record) }
                }
                reader.end.withLock { $0 = .success(()) }
            } catch {
                reader.end.withLock { $0 = .failure(error) }
            }
        }
        loop.runDue()
        return (reader, task)
    }

    @Test func whatIsRememberedIsKnownAtOnceAndForAsLong() {
        var limits = CachingRouter.Limits()
        limits.freshness = .seconds(60)
        let router = CachingRouter(source, limits: limits, on: executor)
        let question = RoutingQuestion.providers(Self.cid("a").multihash)
        #expect(router.known(question) == nil)
        ask(router, "a")
        source.find(3)
        #expect(router.known(question) == nil)
        source.finish()
        loop.runDue()
        #expect(router.known(question)?.count == 3)
        #expect(router.statistics.hits == 1)
        loop.advance(by: .seconds(61))
        #expect(router.known(question) == nil)
    }

    @Test func twoRequestsShareOneSearchAndTheThirdIsAnsweredFromMemory() {
        let router = CachingRouter(source, on: executor)
        let first = ask(router, "a").reader
        source.find(3)
        loop.runDue()
        #expect(first.count == 3)
        let second = ask(router, "a").reader
        #expect(second.count == 3)
        source.find(1)
        source.finish()
        loop.runDue()
        #expect(first.count == 4 && second.count == 4)
        #expect(first.isOver && second.isOver)
        let third = ask(router, "a", limit: 2).reader
        #expect(third.count == 2 && third.isOver)
        #expect(source.searches == 1)
        #expect(router.statistics.hits == 1)
        #expect(router.statistics.joins == 1)
    }

    @Test func answersAreForgottenInTimeAndEmptyOnesSooner() {
        let router = CachingRouter(source, on: executor)
        ask(router, "empty")
        source.finish()
        loop.runDue()
        ask(router, "full")
        source.find(1)
        source.finish()
        loop.advance(by: .seconds(14))
        #expect(ask(router, "empty").reader.isOver)
        loop.advance(by: .seconds(2))
        #expect(ask(router, "full").reader.count == 1)
        #expect(!ask(router, "empty").reader.isOver)
        source.finish()
        loop.advance(by: .seconds(300))
        #expect(!ask(router, "full").reader.isOver)
        #expect(source.searches == 4)
    }

    @Test func peersWithoutAddressesAreAskedForAgainSoon() {
        let router = CachingRouter(source, on: executor)
        ask(router, "newcomer")
        source.find(2, at: [])
        source.finish()
        loop.advance(by: .seconds(14))
        #expect(ask(router, "newcomer").reader.count == 2)
        loop.advance(by: .seconds(2))
        #expect(!ask(router, "newcomer").reader.isOver)
        source.find(1, at: [])
        source.find(1)
        source.finish()
        loop.advance(by: .seconds(200))
        #expect(ask(router, "newcomer").reader.count == 2)
        #expect(source.searches == 2)
    }

    @Test func aReaderLeavesWithEnoughAndTheSearchGoesOn() {
        let router = CachingRouter(source, on: executor)
        let modest = ask(router, "a", limit: 1).reader
        source.find(1)
        loop.runDue()
        #expect(modest.isOver)
        #expect(!source.isCancelled)
        source.find(1)
        source.finish()
        loop.runDue()
        #expect(ask(router, "a").reader.count == 2)
    }

    @Test func theSearchEndsWithItsLastReader() {
        let router = CachingRouter(source, on: executor)
        let (one, other) = (ask(router, "a"), ask(router, "a"))
        one.task.cancel()
        loop.runDue()
        #expect(!source.isCancelled)
        #expect(!other.reader.isOver)
        other.task.cancel()
        loop.runDue()
        #expect(source.isCancelled)
        #expect(router.statistics.underWay == 0)
        #expect(router.statistics.answers == 0)
    }

    @Test func failuresAreToldAndNotRemembered() {
        let router = CachingRouter(source, on: executor)
        let reader = ask(router, "a").reader
        source.fail(RoutingError(.unavailable, "nobody"))
        loop.runDue()
        #expect(reader.error?.code == .unavailable)
        #expect(!ask(router, "a").reader.isOver)
        #expect(source.searches == 2)
    }

    @Test func boundsHold() {
        var limits = CachingRouter.Limits()
        limits.searches = 2
        limits.answers = 2
        let router = CachingRouter(source, limits: limits, on: executor)
        ask(router, "a")
        ask(router, "b")
        #expect(ask(router, "c").reader.error?.code == .busy)
        #expect(router.statistics.refusals == 1)
        source.finish()
        loop.runDue()
        ask(router, "c")
        source.finish()
        loop.runDue()
        #expect(router.statistics.answers == 2)
    }
}

/// A router whose searches find what the test says.
private final class ScriptedRouter: Router {
    private struct Search {
        let onFound: @Sendable (RoutingRecord) -> Void
        let end: CheckedContinuation<Void, any Error>
    }

    private struct State {
        var open: [Int: Search] = [:]
        var searches = 0
        var found: UInt8 = 0
        var isCancelled = false
    }

    private let state = Mutex(State())

    var searches: Int { state.withLock { $0.searches } }
    var isCancelled: Bool { state.withLock { $0.isCancelled } }

    func find(_ count: Int, at addresses: [String] = ["/ip4/192.0.2.1/tcp/4001"]) {
        for _ in 0..<count {
            let (open, number) = state.withLock { state in
                state.found += 1
                return (Array(state.open.values), state.found)
            }
            let id = PeerID(multihashOf: number)
            for search in open { search.onFound(RoutingRecord(id: id, addresses: addresses)) }
        }
    }

    func finish() { end(.success(())) }

    func fail(_ error: RoutingError) { end(.failure(error)) }

    private func end(_ result: Result<Void, any Error>) {
        let open = state.withLock { state in
            defer { state.open = [:] }
            return state.open.values.map(\.end)
        }
        for end in open { end.resume(with: result) }
    }

    func findProviders(of cid: CID, limit: Int, onFound: @escaping @Sendable (RoutingRecord) -> Void) async throws {
        let number = state.withLock { state in
            state.searches += 1
            return state.searches
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { end in
                state.withLock { $0.open[number] = Search(onFound: onFound, end: end) }
            }
        } onCancel: {
            let search = state.withLock { state in
                state.isCancelled = true
                return state.open.removeValue(forKey: number)
            }
            search?.end.resume(throwing: CancellationError())
        }
    }

    func findPeer(_ peer: PeerID, onFound: @escaping @Sendable (RoutingRecord) -> Void) async throws {}
    func closestPeers(to key: [UInt8], onStep: @escaping @Sendable (QueryEvent) -> Void) async throws -> [RoutingRecord]
    {
        []
    }
    func value(of key: [UInt8]) async throws -> [UInt8]? { nil }
    func put(_ value: [UInt8], key: [UInt8]) async throws -> [PeerID] { [] }
    func provide(_ cid: CID) async throws -> [PeerID] { [] }

    func beginProviding(_ cid: CID) async throws {}
}

extension PeerID {
    /// Some peer.
    fileprivate init(multihashOf number: UInt8) {
        self = (try? PeerID(bytes: Multihash.sha256(of: [number]).bytes)) ?? { preconditionFailure("no peer id") }()
    }
}
