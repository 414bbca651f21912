public import AsyncHTTPClient
public import LibP2PCore
public import Logging
import NIOCore
import Synchronization

/// Keeps a certificate: obtains it from a certificate authority, serves it, and renews it in time, for as long as it runs.
/// What was obtained survives a restart in a folder. When the authority fails, the old certificate goes on being served.
///
/// Spec: RFC 8555, and RFC 9773 for when to renew.
public final class CertificateKeeper: Sendable {
    /// What is kept, and how.
    public struct Configuration: Sendable {
        /// The names that the certificate is for.
        public var names: [String]
        /// The authority's directory.
        public var directory: String
        /// Whom the authority may write to.
        public var contact: String?
        /// The account outside of ACME that the one there belongs to, where the authority wants one.
        public var external: ExternalAccount?
        /// Where account and certificates are kept.
        public var folder: String
        /// What handshakes offer by ALPN, the preferred one first.
        public var protocols: [String]
        /// Which of several certificates it is, in the order in which they are chosen.
        public var source = CertificateStore.Source.authority(0)
        /// Other nodes that keep the same certificate.
        public var fleet: CertificateFleet?

        /// Describes what is kept.
        public init(names: [String], directory: String, folder: String, protocols: [String]) {
            self.names = names
            self.directory = directory
            self.folder = folder
            self.protocols = protocols
        }

        /// What tells the certificate from others, fit for a file's name.
        var name: String { names.joined(separator: "+").replacing("*", with: "_") }
    }

    private struct State {
        var plan = RenewalPlan()
        var current: Credentials?
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
    ///   - isReady: whether it makes sense to ask now; asked again from time to time.
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
        folder = try CertificateFolder(configuration.folder, of: configuration.directory)
        client = ACMEClient(
            directory: configuration.directory, key: try folder.accountKey(), contact: configuration.contact,
            external: configuration.external, exchange: exchange)
        serveKept()
    }

    /// The names that the certificate is for.
    public var names: [String] { configuration.names }

    /// Obtains and renews from now on.
    public func start() { schedule(after: .zero) }

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
        switch state.withLock({ $0.plan.step(at: clock.now) }) {
        case .wait(let time): schedule(after: time)
        case .inquire: begin { await $0.inquire() }
        case .obtain: obtainWhenReady()
        }
    }

    private func obtainWhenReady() {
        let isReady = isReady()
        let isNew = state.withLock { state in
            defer { state.isWaiting = !isReady }
            return !isReady && !state.isWaiting
        }
        if isNew {
            logger.notice(
                "a certificate will be asked for as soon as it is known that the node is reached from outside",
                metadata: ["names": "\(configuration.names.joined(separator: " "))"])
        }
        if isReady { begin { await $0.obtain() } } else { schedule(after: Self.readinessInterval) }
    }

    /// Does something that takes time, unless something is being done; and looks again afterwards.
    private func begin(_ work: @escaping @Sendable (CertificateKeeper) async -> Void) {
        state.withLock { state in
            guard !state.isStopped, state.work == nil else { return }
            state.work = executor.spawn { [weak self] in
                guard let self else { return }
                await work(self)
                self.state.withLock { $0.work = nil }
                self.schedule(after: .zero)
            }
        }
    }

    private var chance: Double { Double(random.next() >> 11) / Double(1 << 53) }

    private func inquire() async {
        let id = state.withLock { $0.current?.renewalID }
        var window: ACMERenewal?
        do throws(CertificateError) {
            window = if let id { try await client.renewal(of: id) } else { nil }
            if window == nil { state.withLock { $0.plan.neverInquires() } }
        } catch {
            logger.debug("it is not known when the certificate authority wants a renewal: \(error)")
            state.withLock { $0.plan.inquired(nil, at: clock.now, chance: chance) }
        }
        guard let window else { return }
        state.withLock { $0.plan.inquired(window, at: clock.now, chance: chance) }
    }

    private func obtain() async {
        do throws(CertificateError) {
            let text =
                if let fleet = configuration.fleet {
                    try await fleet.obtain(
                        configuration.name, isGood: isBetter,
                        order: { () throws(CertificateError) in try await order() })
                } else {
                    try await order()
                }
            let credentials = try usable(text)
            serve(credentials)
            keep(text)
            state.withLock { $0.counts.obtained += 1 }
            logger.notice(
                "a certificate was obtained",
                metadata: ["names": "\(credentials.names.joined(separator: " "))", "valid": "\(credentials.validity)"])
        } catch {
            note(error)
        }
    }

    /// Orders a certificate; PEM of its key and its chain.
    private func order() async throws(CertificateError) -> String {
        let replaced = state.withLock { $0.current?.renewalID }
        let order = CertificateOrder(
            client: client, names: configuration.names, replaced: replaced, solver: solver, executor: executor)
        let (chain, key) = try await order.run()
        let text = key + "\n" + chain
        _ = try usable(text)
        return text
    }

    /// What cannot be written is served all the same.
    private func keep(_ text: String) {
        do throws(CertificateError) {
            try folder.write(text, to: configuration.name)
        } catch {
            logger.error("a certificate cannot be kept; the next start will have to obtain another: \(error)")
        }
    }

    private func note(_ error: CertificateError) {
        if error.code == .fleetBusy {
            let wait = error.retryAfter ?? CertificateFleet.turn
            return state.withLock { _ = $0.plan.postponed(by: wait, at: clock.now) }
        }
        let (wait, isStopped) = state.withLock { state in
            state.counts.failed += 1
            return (state.plan.failed(retryAfter: error.retryAfter, at: clock.now, chance: chance), state.isStopped)
        }
        guard !isStopped else { return }
        logger.error(
            "no certificate was obtained: \(error)",
            metadata: [
                "names": "\(configuration.names.joined(separator: " "))",
                "nextTry": "in \(wait.components.seconds) s",
            ])
    }

    private func serve(_ credentials: Credentials) {
        state.withLock { state in
            state.current = credentials
            state.plan.holds(credentials, at: clock.now, chance: chance)
        }
        store.replace(with: [credentials], from: configuration.source)
    }

    /// What an authority or the fleet gave is served only if it is what was asked for.
    private func usable(_ text: String) throws(CertificateError) -> Credentials {
        let credentials = try Credentials(chain: text, key: text, protocols: configuration.protocols)
        guard configuration.names.allSatisfy(credentials.names.contains), credentials.isValid(at: clock.now) else {
            throw CertificateError(
                .authorityFailed,
                "The certificate authority gave a certificate for \(credentials.names), valid \(credentials.validity).")
        }
        return credentials
    }

    /// Whether a certificate of the fleet is worth more than the one that is here.
    private func isBetter(_ text: String) -> Bool {
        guard let other = try? usable(text), RenewalPlan.renewal(of: other, chance: 0) > clock.now else { return false }
        guard let current = state.withLock({ $0.current }) else { return true }
        return other.notAfter > current.notAfter
    }

    /// Serves the certificate of an earlier run, if it is still good for anything.
    private func serveKept() {
        guard let text = folder.read(configuration.name) else { return }
        do throws(CertificateError) {
            serve(try usable(text))
        } catch {
            logger.warning("the certificate of an earlier run cannot be used: \(error)")
        }
    }
}
