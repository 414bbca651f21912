import LibP2PCore
import LibP2PIdentity
import Multiformats
import NIOCore

/// The relays that could be asked for a place, and which one to ask next: pure rules.
///
/// Relays that were given come first, in their order; then those that were met, of version 2 before version 1, the one
/// with fewer failures first, then the one met earlier. One that refused is left alone for an hour, one that was not
/// reached for a time that doubles.
struct RelayCandidates {
    /// A relay.
    struct Candidate: Equatable {
        let relay: PeerID
        /// Where to listen: `<relay>/p2p-circuit`.
        let address: Multiaddr
        /// Whether it was given, instead of met.
        let isGiven: Bool
        /// The version it speaks, the newer one if both.
        var version: Int
        var failures = 0
        /// When it may be asked again.
        var restsUntil = NIODeadline.uptimeNanoseconds(0)
        let rank: Int

        fileprivate var order: (Int, Int, Int, Int) { (isGiven ? 0 : 1, isGiven ? 0 : -version, failures, rank) }
    }

    /// How long one that refused is left alone, as in go-libp2p.
    static let refusalRest = TimeAmount.hours(1)
    /// The first rest of one that was not reached.
    static let failureRest = TimeAmount.minutes(1)
    /// How many relays that were met are remembered.
    static let maxMet = 64

    private(set) var all: [PeerID: Candidate] = [:]
    private var nextRank = 0

    /// Takes the relays to prefer.
    init(given addresses: [Multiaddr]) {
        for address in addresses {
            guard let circuit = try? CircuitAddress(address) else { continue }
            add(circuit.relay, at: address, isGiven: true, version: 2)
        }
    }

    /// Notes a peer that relays.
    mutating func met(_ relay: PeerID, version: Int, now: NIODeadline) {
        if all[relay] != nil {
            all[relay]?.version = version
            return
        }
        guard let address = try? Multiaddr(naming: relay).encapsulating(.p2pCircuit) else { return }
        if all.values.count(where: { !$0.isGiven }) >= Self.maxMet {
            // A place for those that may be asked, of those that may not.
            guard let resting = all.values.filter({ !$0.isGiven && $0.restsUntil > now }).min(by: { $0.rank < $1.rank })
            else { return }
            all[resting.relay] = nil
        }
        add(relay, at: address, isGiven: false, version: version)
    }

    private mutating func add(_ relay: PeerID, at address: Multiaddr, isGiven: Bool, version: Int) {
        guard all[relay] == nil else { return }
        all[relay] = Candidate(relay: relay, address: address, isGiven: isGiven, version: version, rank: nextRank)
        nextRank += 1
    }

    /// The relay to ask next.
    ///
    /// - Parameter used: those that are in use.
    func next(excluding used: Set<PeerID>, now: NIODeadline) -> Candidate? {
        all.values.filter { $0.restsUntil <= now && !used.contains($0.relay) }.min { $0.order < $1.order }
    }

    /// Notes that a relay gave a place.
    mutating func succeeded(_ relay: PeerID) { all[relay]?.failures = 0 }

    /// Notes that a relay gave no place, or lost it.
    ///
    /// - Parameter refused: whether it said no.
    mutating func failed(_ relay: PeerID, refused: Bool, now: NIODeadline) {
        guard let failures = all[relay]?.failures else { return }
        let rest = min(Self.refusalRest.nanoseconds, Self.failureRest.nanoseconds << Int64(min(failures, 6)))
        all[relay]?.failures = failures + 1
        all[relay]?.restsUntil = now + (refused ? Self.refusalRest : .nanoseconds(rest))
    }
}
