import Synchronization

/// The certificates that are served now, and which of them for whom.
public final class CertificateStore: Sendable {
    private let all: Mutex<[Credentials]>
    private let observers = Mutex<[@Sendable () -> Void]>([])

    /// Begins with some certificates.
    public init(_ credentials: [Credentials] = []) {
        all = Mutex(credentials)
    }

    /// All certificates, in the order of the configuration.
    public var credentials: [Credentials] { all.withLock { $0 } }

    /// Serves these from the next handshake on. Connections that are there go on with theirs.
    public func replace(with credentials: [Credentials]) {
        all.withLock { $0 = credentials }
        for observer in observers.withLock({ $0 }) { observer() }
    }

    /// Calls `body` after each change from now on, where the change is made.
    public func onChange(_ body: @escaping @Sendable () -> Void) { observers.withLock { $0.append(body) } }

    /// The certificate for a host: one for exactly that name, then one with a star, else the first of all, which is better
    /// than none for who dials an IP address or checks names otherwise.
    ///
    /// - Parameter host: the name in lower case; nil when the client gives none.
    public func credentials(for host: String?) -> Credentials? {
        all.withLock { all in
            guard let host else { return all.first }
            return all.first { $0.names.contains(host) } ?? all.first { $0.covers(host) } ?? all.first
        }
    }
}
