public import LibP2PCore
public import Logging
import Multiformats
import NIOCore
import Synchronization

/// Serves certificates from files, and reads them again when they are replaced. What cannot be used is not served: then the
/// certificates that were there before stay.
public final class CertificateReloader: Sendable {
    private struct State {
        var stamps: [CertificateFiles.Stamp] = []
        var timer: Scheduled<Void>?
        var failures: [CertificateError.Code: Int] = [:]
        var isStopped = false
    }

    /// How often it is looked whether files were replaced.
    public static let interval = Duration.seconds(10)

    /// What is served.
    public let store: CertificateStore
    private let files: [CertificateFiles]
    private let domains: [String]
    private let protocols: [String]
    private let executor: LoopExecutor
    private let clock: WallClock
    private let logger: Logger
    private let state = Mutex(State())

    /// Reads the files for the first time.
    ///
    /// - Parameters:
    ///   - domains: host names, in lower case, for each of which there must be a certificate.
    ///   - protocols: what handshakes offer by ALPN, the preferred one first.
    ///   - executor: where the files are looked at.
    /// - Throws: ``CertificateError``, `.expired` and `.wrongHost` too.
    public init(
        _ files: [CertificateFiles], for domains: [String] = [], protocols: [String], on executor: LoopExecutor,
        clock: WallClock = .system, logger: Logger
    ) throws(CertificateError) {
        self.files = files
        self.domains = domains
        self.protocols = protocols
        self.executor = executor
        self.clock = clock
        self.logger = logger
        let stamps = files.map { $0.stamp() }
        store = CertificateStore(try Self.read(files, for: domains, protocols, at: clock.now))
        state.withLock { $0.stamps = stamps }
    }

    /// Looks at the files from now on.
    public func start() { scheduleLook() }

    /// Looks at them no more.
    public func stop() {
        let timer = state.withLock { state in
            state.isStopped = true
            defer { state.timer = nil }
            return state.timer
        }
        timer?.cancel()
    }

    /// Why files that were put in others' place could not be used, and how often.
    public var failures: [CertificateError.Code: Int] { state.withLock { $0.failures } }

    /// Reads the files again now, changed or not.
    public func reload() {
        let stamps = files.map { $0.stamp() }
        state.withLock { $0.stamps = stamps }
        do {
            let before = store.credentials.map(\.fingerprint)
            let credentials = try Self.read(files, for: domains, protocols, at: clock.now)
            store.replace(with: credentials)
            guard credentials.map(\.fingerprint) != before else { return }
            logger.notice(
                "certificates were replaced",
                metadata: ["names": "\(credentials.flatMap(\.names).joined(separator: " "))"])
        } catch {
            state.withLock { $0.failures[error.code, default: 0] += 1 }
            logger.error("certificates were replaced by what cannot be used; the old ones stay: \(error)")
        }
    }

    /// Reads the files again if they were replaced.
    func look() {
        let stamps = files.map { $0.stamp() }
        if state.withLock({ $0.stamps != stamps }) { reload() }
    }

    private func scheduleLook() {
        let timer = executor.schedule(after: Self.interval) { [weak self] in
            self?.look()
            self?.scheduleLook()
        }
        let isStopped = state.withLock { state in
            state.timer = timer
            return state.isStopped
        }
        if isStopped { timer.cancel() }
    }

    private static func read(
        _ files: [CertificateFiles], for domains: [String], _ protocols: [String], at time: Timestamp
    ) throws(CertificateError) -> [Credentials] {
        var all: [Credentials] = []
        for files in files {
            let credentials = try files.read(protocols: protocols)
            guard credentials.isValid(at: time) else {
                throw CertificateError(
                    .expired,
                    "\(files.chain) is valid \(credentials.validity) only: replace it.")
            }
            all.append(credentials)
        }
        let missing = domains.filter { domain in !all.contains { $0.covers(domain) } }
        guard missing.isEmpty else { throw wrongHost(missing, files, all) }
        return all
    }

    private static func wrongHost(
        _ domains: [String], _ files: [CertificateFiles], _ all: [Credentials]
    ) -> CertificateError {
        let kept = zip(files, all).map { files, credentials in
            let names = credentials.names + credentials.ips.map(\.description)
            return "\(files.chain) is for \(names.isEmpty ? "no host at all" : names.joined(separator: ", "))"
        }
        return CertificateError(
            .wrongHost,
            "No certificate is for \(domains.joined(separator: ", ")): \(kept.joined(separator: "; ")). "
                + "Get one with that name among its alternative names, or leave the domain out.")
    }
}
