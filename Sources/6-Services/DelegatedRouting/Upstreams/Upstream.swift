public import AsyncHTTPClient
public import LibP2PCore
public import Logging
import NIOCore
import NIOHTTP1
import Synchronization

/// Another server of Delegated Routing V1, and how it is doing: asks it within limits of time and number, and leaves it
/// alone for a while when it fails.
public final class Upstream: Sendable {
    /// How it is asked.
    public struct Settings: Sendable, Hashable {
        /// How long one request may take, to the last record. A third of what a client's request may take.
        public var timeLimit: Duration = .seconds(10)
        /// Requests under way at once; further ones pass it over.
        public var requests = 64
        /// When it is left alone.
        public var breaker = CircuitBreaker.Settings()

        /// The defaults.
        public init() {}
    }

    /// What became of the requests so far.
    public struct Statistics: Sendable, Hashable {
        /// Requests that were sent.
        public var requests: UInt64 = 0
        /// Requests that failed.
        public var failures: UInt64 = 0
        /// Requests that were not sent, as too many were under way or the circuit was open.
        public var passedOver: UInt64 = 0
        /// Requests under way.
        public var underWay = 0
        /// Whether it is left alone now, as it failed.
        public var isOpen = false
    }

    /// Sends a request; the answer's body may come later.
    public typealias Fetch = @Sendable (HTTPClientRequest) async throws -> HTTPClientResponse

    private struct State {
        var breaker: CircuitBreaker
        var statistics = Statistics()
    }

    /// Where it is.
    public let url: UpstreamURL
    private let settings: Settings
    private let executor: LoopExecutor
    private let random: RandomSource
    private let fetch: Fetch
    private let logger: Logger
    private let state: Mutex<State>

    /// Makes one that was not asked yet.
    ///
    /// - Parameters:
    ///   - executor: where its answers are read, and whose clock counts.
    ///   - fetch: sends requests, without following redirections.
    public init(
        _ url: UpstreamURL, _ settings: Settings = Settings(), on executor: LoopExecutor,
        random: RandomSource = RandomSource(), logger: Logger, fetch: @escaping Fetch
    ) {
        self.url = url
        self.settings = settings
        self.executor = executor
        self.random = random
        self.fetch = fetch
        self.logger = logger
        state = Mutex(State(breaker: CircuitBreaker(settings.breaker)))
    }

    /// What became of the requests so far.
    public var statistics: Statistics {
        state.withLock { state in
            var statistics = state.statistics
            statistics.isOpen = state.breaker.isOpen
            return statistics
        }
    }

    // MARK: Asking

    /// A request for one of its routes.
    func request(_ route: String, _ method: HTTPMethod = .GET, accept: String) -> HTTPClientRequest {
        var request = HTTPClientRequest(url: url.route(route))
        request.method = method
        request.headers = ["Accept": accept, "User-Agent": ForwardedRequest.agent, "Via": ForwardedRequest.via]
        return request
    }

    /// Sends a request and has its answer read.
    ///
    /// - Parameters:
    ///   - heard: whether something useful was read: an answer that is cut off afterwards by time is none the worse.
    ///   - read: reads the body of a success.
    /// - Returns: what was read; nil when the server has nothing, or does not serve this.
    /// - Throws: ``RoutingError``: ``RoutingError/Code/busy`` when the server is passed over.
    func ask<Answer: Sendable>(
        _ request: HTTPClientRequest, heard: @escaping @Sendable () -> Bool = { false },
        _ read: @escaping @Sendable (UpstreamAnswer.Content, HTTPClientResponse) async throws -> Answer?
    ) async throws -> Answer? {
        let permit = try admit()
        let fetch = fetch
        do {
            let answer = try await withDeadline(settings.timeLimit, on: executor) { () async throws -> Answer? in
                let response = try await Self.follow(request, fetch)
                switch UpstreamAnswer(response) {
                case .success(let content): return try await read(content, response)
                case .nothing, .redirection: return nil
                case .failure(let what, let wait): throw Refusal(message: "it answered with \(what)", wait: wait)
                }
            }
            succeeded(permit)
            return answer
        } catch {
            if heard(), Task.isCancelled || Self.isTimeout(error) {
                succeeded(permit)
                return nil
            }
            if Task.isCancelled {
                abandoned(permit)
                throw error
            }
            let reason = RoutingError(.unavailable, "\(url) can't be asked: \(Self.reason(error))", cause: error)
            let wish = (error as? Refusal)?.wait
            failed(permit, by: Self.isTimeout(error) ? .timedOut : .refused, wish: wish, reason)
            throw reason
        }
    }

    /// A status that is no answer.
    private struct Refusal: Error {
        let message: String
        /// How long it wants to be left alone.
        let wait: Duration?
    }

    /// The answer to a request, after some redirections.
    private static func follow(_ request: HTTPClientRequest, _ fetch: Fetch) async throws -> HTTPClientResponse {
        var request = request
        for _ in 0...maxRedirections {
            let response = try await fetch(request)
            guard case .redirection(let location) = UpstreamAnswer(response) else { return response }
            guard let url = UpstreamURL.redirection(from: request.url, to: location) else {
                throw RoutingError(
                    .unavailable, "it redirects to \(location.prefix(200)), which is not the same server")
            }
            request.url = url
        }
        throw RoutingError(.unavailable, "it redirects more than \(maxRedirections) times")
    }

    private static let maxRedirections = 3

    private static func isTimeout(_ error: any Error) -> Bool {
        (error as? NetworkError)?.code == .timeout || error as? HTTPClientError == .readTimeout
    }

    private static func reason(_ error: any Error) -> String {
        switch error {
        case let error as Refusal: error.message
        case let error as RoutingError: error.message
        case let error as NetworkError: error.message
        case let error as HTTPClientError: error.shortDescription
        default: "\(error)"
        }
    }

    // MARK: State

    private func admit() throws(RoutingError) -> CircuitBreaker.Permit {
        let permit = state.withLock { state in
            guard state.statistics.underWay < settings.requests,
                let permit = state.breaker.admit(now: executor.now)
            else {
                state.statistics.passedOver += 1
                return nil as CircuitBreaker.Permit?
            }
            state.statistics.requests += 1
            state.statistics.underWay += 1
            return permit
        }
        guard let permit else {
            throw RoutingError(.busy, "\(url) is passed over: it failed lately, or has enough to answer")
        }
        return permit
    }

    private func succeeded(_ permit: CircuitBreaker.Permit) {
        let isBack = state.withLock { state in
            state.statistics.underWay -= 1
            let wasOpen = state.breaker.isOpen
            state.breaker.succeeded(permit)
            return wasOpen && !state.breaker.isOpen
        }
        if isBack { logger.notice("an upstream answers again", metadata: ["url": "\(url)"]) }
    }

    private func failed(
        _ permit: CircuitBreaker.Permit, by failure: CircuitBreaker.Failure, wish: Duration?, _ reason: RoutingError
    ) {
        let chance = Double(random.next() >> 11) / Double(1 << 53)
        let pause = state.withLock { state in
            state.statistics.underWay -= 1
            state.statistics.failures += 1
            return state.breaker.failed(permit, by: failure, now: executor.now, chance: chance, wish: wish)
        }
        guard let pause else { return }
        logger.warning(
            "an upstream fails and is left alone for a while",
            metadata: ["url": "\(url)", "seconds": "\(pause.components.seconds)", "reason": "\(reason.message)"])
    }

    private func abandoned(_ permit: CircuitBreaker.Permit) {
        state.withLock { state in
            state.statistics.underWay -= 1
            state.breaker.abandoned(permit, now: executor.now)
        }
    }
}
