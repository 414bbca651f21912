import LibP2PIdentity
import NIOCore

/// What each peer had of the relay: pure accounts, of a bounded number of peers. When it is full, those go whose last
/// request was longest ago.
struct PeerLedger: Sendable {
    /// What one peer had.
    struct Account: Sendable, Equatable {
        /// Reservations made and renewed.
        var reservations: UInt64 = 0
        /// Circuits that it opened.
        var circuitsAsSource: UInt64 = 0
        /// Circuits that others opened to it.
        var circuitsAsTarget: UInt64 = 0
        /// Bytes that it sent through circuits that have ended.
        var bytesSent: UInt64 = 0
        /// Bytes that it received through circuits that have ended.
        var bytesReceived: UInt64 = 0
        /// Requests that were refused.
        var refusals: [RelayRefusal: UInt64] = [:]

        fileprivate(set) var usedAt = NIODeadline.uptimeNanoseconds(0)
    }

    private let capacity: Int
    private var accounts: [PeerID: Account] = [:]

    /// - Parameter capacity: how many peers are remembered.
    init(capacity: Int) { self.capacity = max(4, capacity) }

    /// How many peers have an account.
    var count: Int { accounts.count }

    /// All accounts, in no order.
    var all: [(peer: PeerID, account: Account)] { accounts.map { ($0.key, $0.value) } }

    /// A peer's account, if there is one.
    func account(of peer: PeerID) -> Account? { accounts[peer] }

    /// Books something for a peer.
    mutating func book(_ peer: PeerID, now: NIODeadline, _ change: (inout Account) -> Void) {
        if accounts[peer] == nil, accounts.count >= capacity { forgetOldest() }
        change(&accounts[peer, default: Account()])
        accounts[peer]?.usedAt = now
    }

    /// Forgets a quarter at once, so that the search for the oldest is rare.
    private mutating func forgetOldest() {
        let oldest = accounts.sorted { $0.value.usedAt < $1.value.usedAt }.prefix(capacity / 4)
        for (peer, _) in oldest { accounts[peer] = nil }
    }
}
