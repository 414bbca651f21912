import LibP2PCore
import LibP2PIdentity
import Multiformats
import NIOCore
import Synchronization

/// The dials under way: one for each peer, joined by all who want the peer, and a cap on attempts in all.
final class Dialer: Sendable {
    /// Whom a dial is for, and whether a relay would do.
    struct Target: Hashable, Sendable {
        let peer: PeerID
        let isDirect: Bool
    }

    struct State {
        var dials: [Target: Task<Connection, any Error>] = [:]
        var backOff = BackOff()
        var attempts = 0
    }

    let state = Mutex(State())

    /// Attempts under way in the whole node; a dial beyond it fails at once, to be tried again by who wants it.
    static let maxAttempts = 512
    /// How long one attempt may take, the handshake included.
    static let attemptTimeout = Duration.seconds(15)
}
