public import AsyncHTTPClient
public import LibP2PCore
public import Logging
import NIOCore
import Synchronization

/// Keeps a certificate: obtains it from a certificate authority, serves it, and renews it in time, for as long as it runs.
/// What was obtained survives a restart in a folder. When the authority fails, the old certificate goes on being served.
public final class CertificateKeeper: Sendable {
    /// What is kept, and how.
    public struct Configuration: Sendable {
        /// The names that the certificate is for.
        public var names: [String]
        /// The authority's directory.
        public var directory: String
        /// Whom the authority may write to.
        public var contact: String?
        /// Where account and certificate are kept.
        public var folder: String
        /// What handshakes offer by ALPN, the preferred one first.
        public var protocols: [String]

        /// Describes what is kept.
        public init(names: [String], directory: String, contact: String? = nil, folder: String, protocols: [String]) {
            self.names = names
            self.directory = directory
            self.contact = contact
            self.folder = folder
            self.protocols = protocols
        }
    }

    private struct State {
        var plan = RenewalPlan()
        var timer: Scheduled<Void>?
        var work: Task<Void, Never>?
        /// Whether the next step waits for `isReady` alone.
        var isWaiting = false
        var isStopped = false
        var counts = (obtained: 0, failed: 0)
    }

    /// How often it is looked whether the node has become ready.
    private static let readinessInterval = Duration.seconds(30)
    /// The wall clock may be set, and the machine may sleep: so it is looked at least so often.
    private static let longestTimer = Duration.seconds(3600)

    private static let accountFile = "account.pem"
    private static let certificateFile = "certificate.pem"

    private let configuration: Configuration
    private let store: CertificateStore
    private let client: ACMEClient
    private let solver: any ChallengeSolver
    private let folder: CertificateFolder
    private let isReady: @Sendable () -> Bool
    private let executor: LoopExecutor
    private let clock: WallClock
    private let random: RandomSource
    private let logger: Logger
    private let state = Mutex(State())

    /// Takes up what the folder holds. Nothing is asked of the authority before ``start()``.
    ///
    /// - Parameters:
    ///   - store: where the certificate is served.
    ///   - client: by which requests are made.
    ///   - solver: how the names are proved.
    ///   - isReady: whether it makes sense to ask now; asked again from time to time, and on ``poke()``.
    /// - Throws: ``CertificateError`` when the folder cannot be used.
    public convenience init(
        _ configuration: Configuration, store: CertificateStore, client: HTTPClient, userAgent: String,
        solver: any ChallengeSolver, isReady: @escaping @Sendable () -> Bool, on executor: LoopExecutor,
        clock: WallClock = .system, random: RandomSource = RandomSource(), logger: Logger
    ) throws(CertificateError) {
        try self.init(
            configuration, store: store, exchange: ACMEAnswer.exchange(by: client, userAgent: userAgent),
            solver: solver, isReady: isReady, on: executor, clock: clock, random: random, logger: logger)
    }

    init(
        _ configuration: Configuration, store: CertificateStore, exchange: @escaping ACMEExchange,
        solver: any ChallengeSolver, isReady: @escaping @Sendable () -> Bool = { true }, on executor: LoopExecutor,
        clock: WallClock, random: RandomSource, logger: Logger
    ) throws(CertificateError) {
        self.configuration = configuration
        self.store = store
        self.solver = solver
        self.isReady = isReady
        self.executor = executor
        self.clock = clock
        self.random = random
        self.logger = logger
        folder = try CertificateFolder(configuration.folder)
        client = ACMEClient(
            directory: configuration.directory, key: try Self.accountKey(in: folder), contact: configuration.contact,
            exchange: exchange)
        serveKept()
    }

    /// Obtains and renews from now on.
    public func start() { schedule(after: untilNext()) }

    /// Ends what is under way.
    public func stop() async {
        let (timer, work) = state.withLock { state in
            state.isStopped = true
            return (state.timer, state.work)
        }
        timer?.cancel()
        work?.cancel()
        await work?.value
    }

    /// Looks now whether the node is ready, if that is what is waited for.
    public func poke() {
        if state.withLock({ $0.isWaiting }), isReady() { schedule(after: .zero) }
    }

    /// How often a certificate was obtained, and how often that failed.
    public var counts: (obtained: Int, failed: Int) { state.withLock { $0.counts } }

    // MARK: Steps

    private func schedule(after time: Duration) {
        let timer = executor.schedule(after: min(time, Self.longestTimer)) { [weak self] in self?.look() }
        let outdated = state.withLock { state in
            let outdated = state.isStopped ? timer : state.timer
            if !state.isStopped { state.timer = timer }
            return outdated
        }
        outdated?.cancel()
    }

    private func look() {
        let wait = untilNext()
        guard wait <= .zero else { return schedule(after: wait) }
        let isReady = isReady()
        let isFree = state.withLock { state in
            if !isReady && !state.isWaiting {
                logger.notice("a certificate will be asked for as soon as the node is reached from outside")
            }
            state.isWaiting = !isReady
            return !state.isStopped && state.work == nil
        }
        guard isReady else { return schedule(after: Self.readinessInterval) }
        guard isFree else { return }
        let work = executor.spawn { [weak self] in await self?.obtain() }
        state.withLock { if !$0.isStopped { $0.work = work } else { work.cancel() } }
    }

    /// How long the certificate that is served is good enough.
    private func untilNext() -> Duration {
        guard let kept = store.credentials.first(where: covers) else { return .zero }
        let chance = Double(random.next() >> 11) / Double(1 << 53)
        return RenewalPlan.renewal(of: kept, chance: chance) - clock.now
    }

    private func obtain() async {
        let chance = Double(random.next() >> 11) / Double(1 << 53)
        let wait: Duration
        do throws(CertificateError) {
            let order = CertificateOrder(client: client, names: configuration.names, solver: solver, executor: executor)
            let (chain, key) = try await order.run()
            let credentials = try usable(chain: chain, key: key)
            try folder.write(key + "\n" + chain, to: Self.certificateFile)
            store.replace(with: [credentials], from: .authority)
            state.withLock { state in
                state.plan.succeeded()
                state.counts.obtained += 1
            }
            logger.notice(
                "a certificate was obtained",
                metadata: ["names": "\(credentials.names.joined(separator: " "))", "valid": "\(credentials.validity)"])
            wait = untilNext()
        } catch {
            wait = state.withLock { state in
                state.counts.failed += 1
                return state.plan.failed(retryAfter: error.retryAfter, chance: chance)
            }
            logger.error(
                "no certificate was obtained: \(error)", metadata: ["nextTry": "in \(wait.components.seconds) s"])
        }
        state.withLock { $0.work = nil }
        schedule(after: max(wait, .seconds(1)))
    }

    /// What an authority gave is served only if it is what was asked for.
    private func usable(chain: String, key: String) throws(CertificateError) -> Credentials {
        let credentials = try Credentials(chain: chain, key: key, protocols: configuration.protocols)
        guard covers(credentials), credentials.isValid(at: clock.now) else {
            throw CertificateError(
                .authorityFailed,
                "The certificate authority gave a certificate for \(credentials.names), valid \(credentials.validity).")
        }
        return credentials
    }

    private func covers(_ credentials: Credentials) -> Bool {
        configuration.names.allSatisfy(credentials.names.contains)
    }

    // MARK: What is kept

    /// Serves the certificate of an earlier run, if it is still good for anything.
    private func serveKept() {
        guard let text = folder.read(Self.certificateFile) else { return }
        do throws(CertificateError) {
            store.replace(with: [try usable(chain: text, key: text)], from: .authority)
        } catch {
            logger.warning("the certificate of an earlier run cannot be used: \(error)")
        }
    }

    private static func accountKey(in folder: CertificateFolder) throws(CertificateError) -> ACMEKey {
        if let pem = folder.read(accountFile) {
            do {
                return try ACMEKey(pem: pem)
            } catch {
                throw CertificateError(
                    .malformed, "\(folder.path)/\(accountFile) is no key: remove it to get a new account.", cause: error
                )
            }
        }
        let key = ACMEKey()
        try folder.write(key.pem, to: accountFile)
        return key
    }
}
