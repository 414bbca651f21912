public import LibP2PCore
import Synchronization

/// The certificates that are served now, and which of them for whom.
public final class CertificateStore: Sendable {
    /// Who puts certificates here. Each replaces its own only; those of the lesser are chosen first.
    public struct Source: Sendable, Hashable, Comparable {
        private let rank: Int

        /// Files of the operator.
        public static let files = Source(rank: -1)

        /// A certificate authority, for one of several names.
        public static func authority(_ number: Int) -> Source { Source(rank: number) }

        /// A certificate authority, for the peer's own names.
        public static let autoTLS = Source(rank: .max)

        /// See `Comparable`.
        public static func < (left: Source, right: Source) -> Bool { left.rank < right.rank }
    }

    private struct State {
        var bySource: [Source: [Credentials]]
        var all: [Credentials]
    }

    private let state: Mutex<State>
    private let observers = Mutex<[@Sendable () -> Void]>([])

    /// Begins with some certificates.
    public init(_ credentials: [Credentials] = []) {
        state = Mutex(State(bySource: [.files: credentials], all: credentials))
    }

    /// All certificates, in the order of the configuration.
    public var credentials: [Credentials] { state.withLock { $0.all } }

    /// Serves these from the next handshake on. Connections that are there go on with theirs.
    public func replace(with credentials: [Credentials], from source: Source = .files) {
        state.withLock { state in
            state.bySource[source] = credentials
            state.all = state.bySource.sorted { $0.key < $1.key }.flatMap(\.value)
        }
        for observer in observers.withLock({ $0 }) { observer() }
    }

    /// Calls `body` after each change from now on, where the change is made.
    public func onChange(_ body: @escaping @Sendable () -> Void) { observers.withLock { $0.append(body) } }

    /// The certificate for a host, of those that are valid now: one for exactly that name, then one with a star, else the first
    /// of all, which is better than none for who dials an IP address or checks names otherwise.
    ///
    /// - Parameters:
    ///   - host: the name in lower case; nil when the client gives none.
    ///   - time: now.
    public func credentials(for host: String?, at time: Timestamp) -> Credentials? {
        let all = credentials.filter { $0.isValid(at: time) }
        guard let host else { return all.first }
        return all.first { $0.names.contains(host) } ?? all.first { $0.covers(host) } ?? all.first
    }
}
