public import LibP2PCore
public import LibP2PHost
public import LibP2PIdentity
import Synchronization

/// Tells the hosts of a simulation who is at the other end of their connections, as identify would, which protocols cannot
/// import: what each says of itself stands in one directory.
public final class Introductions: Sendable {
    private let book = Book()
    /// Kept here: hosts do not keep their observers.
    private let introducers = Mutex<[Introducer]>([])

    /// An empty directory.
    public init() {}

    /// Introduces a host to all others from now on, and them to it.
    ///
    /// - Parameter agentVersion: what it says its program is.
    public func add(_ host: Host, agentVersion: String = "test/1") {
        book.entries.withLock { $0[host.localPeer] = (host, agentVersion) }
        let introducer = Introducer(host: host, book: book)
        introducers.withLock { $0.append(introducer) }
        host.addObserver(introducer)
    }

    /// What identify would tell of a peer; nil for one that was not added.
    public func description(of peer: PeerID) -> PeerDescription? { book.description(of: peer) }

    /// Who is who.
    private final class Book: Sendable {
        let entries = Mutex<[PeerID: (host: Host, agentVersion: String)]>([:])

        func description(of peer: PeerID) -> PeerDescription? {
            guard let entry = entries.withLock({ $0[peer] }) else { return nil }
            return PeerDescription(
                addresses: entry.host.addresses, protocols: entry.host.protocols, agentVersion: entry.agentVersion)
        }
    }

    private final class Introducer: NetworkObserver {
        private unowned let host: Host
        private let book: Book

        init(host: Host, book: Book) {
            self.host = host
            self.book = book
        }

        func connectionOpened(_ connection: Connection) {
            guard let description = book.description(of: connection.remotePeer) else { return }
            host.identified(connection, as: description)
        }
    }
}
