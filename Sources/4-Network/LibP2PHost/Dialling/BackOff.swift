import Multiformats
import NIOCore

/// Which addresses failed lately and are left alone for a while: pure rules.
struct BackOff {
    private struct Failure {
        var count: Int
        var until: NIODeadline
    }

    private var failures: [Multiaddr: Failure] = [:]

    /// The wait after the first failure; it doubles with each further one.
    static let base = TimeAmount.seconds(5)
    /// The longest wait.
    static let longest = TimeAmount.minutes(5)
    private static let maxEntries = 8192

    /// Whether the address may be tried.
    func allows(_ address: Multiaddr, now: NIODeadline) -> Bool {
        guard let failure = failures[address] else { return true }
        return failure.until <= now
    }

    mutating func failed(_ address: Multiaddr, now: NIODeadline) {
        if failures.count >= Self.maxEntries {
            failures = failures.filter { $0.value.until > now }
            if failures.count >= Self.maxEntries { failures.removeAll() }
        }
        let count = min((failures[address]?.count ?? 0) + 1, 16)
        let wait = min(Self.longest.nanoseconds, Self.base.nanoseconds << Int64(count - 1))
        failures[address] = Failure(count: count, until: now + .nanoseconds(wait))
    }

    mutating func succeeded(_ address: Multiaddr) { failures[address] = nil }
}
