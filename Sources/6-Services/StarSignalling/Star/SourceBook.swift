import Multiformats
import NIOCore

/// What IP addresses take of the star: pure rules.
struct SourceBook {
    /// Buckets of addresses that joined lately. When there are more, those that are full again are forgotten.
    static let capacity = 65_536

    private var sockets: [IPAddress: Int] = [:]
    private var joins: [IPAddress: TokenBucket] = [:]
    private var sweptAt: NIODeadline?

    /// How many addresses joined lately.
    var joinedCount: Int { joins.count }

    /// Sockets of an address.
    func sockets(of source: IPAddress) -> Int { sockets[source.unmapped.customer] ?? 0 }

    /// A socket is there.
    mutating func opened(_ source: IPAddress) { sockets[source.unmapped.customer, default: 0] += 1 }

    /// A socket is gone.
    mutating func closed(_ source: IPAddress) {
        let customer = source.unmapped.customer
        guard let count = sockets[customer] else { return }
        sockets[customer] = count > 1 ? count - 1 : nil
    }

    /// Takes one join of an address.
    ///
    /// - Parameter perSecond: joins a second over time; ten times as many at once.
    /// - Returns: whether it may join.
    mutating func takeJoin(_ source: IPAddress, perSecond: Int, now: NIODeadline) -> Bool {
        let capacity = perSecond.multipliedReportingOverflow(by: 10)
        let burst = capacity.overflow ? perSecond : capacity.partialValue
        let customer = source.unmapped.customer
        if joins[customer] == nil, joins.count >= Self.capacity {
            forgetFull(perSecond: perSecond, capacity: burst, now: now)
            // So many addresses at once are no coincidence: newcomers wait until there is room.
            guard joins.count < Self.capacity else { return false }
        }
        return joins[customer, default: TokenBucket(capacity: burst, now: now)]
            .take(1, perSecond: perSecond, capacity: burst, now: now)
    }

    /// Looks through all of them, but not more often than once a second.
    private mutating func forgetFull(perSecond: Int, capacity: Int, now: NIODeadline) {
        guard sweptAt.map({ now - $0 >= .seconds(1) }) ?? true else { return }
        sweptAt = now
        for source in Array(joins.keys)
        where joins[source]?.isFull(perSecond: perSecond, capacity: capacity, now: now) == true {
            joins[source] = nil
        }
    }
}
