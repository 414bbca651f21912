import Synchronization

/// The certificates that are served now, and which of them for whom.
public final class CertificateStore: Sendable {
    /// Who puts certificates here. Each replaces its own only; those from files are chosen first.
    public enum Source: Int, Sendable, CaseIterable {
        /// Files of the operator.
        case files
        /// A certificate authority.
        case authority
    }

    private let all: Mutex<[Source: [Credentials]]>
    private let observers = Mutex<[@Sendable () -> Void]>([])

    /// Begins with some certificates.
    public init(_ credentials: [Credentials] = []) {
        all = Mutex([.files: credentials])
    }

    /// All certificates, in the order of the configuration.
    public var credentials: [Credentials] { all.withLock { all in Source.allCases.flatMap { all[$0] ?? [] } } }

    /// Serves these from the next handshake on. Connections that are there go on with theirs.
    public func replace(with credentials: [Credentials], from source: Source = .files) {
        all.withLock { $0[source] = credentials }
        for observer in observers.withLock({ $0 }) { observer() }
    }

    /// Calls `body` after each change from now on, where the change is made.
    public func onChange(_ body: @escaping @Sendable () -> Void) { observers.withLock { $0.append(body) } }

    /// The certificate for a host: one for exactly that name, then one with a star, else the first of all, which is better
    /// than none for who dials an IP address or checks names otherwise.
    ///
    /// - Parameter host: the name in lower case; nil when the client gives none.
    public func credentials(for host: String?) -> Credentials? {
        let all = credentials
        guard let host else { return all.first }
        return all.first { $0.names.contains(host) } ?? all.first { $0.covers(host) } ?? all.first
    }
}
