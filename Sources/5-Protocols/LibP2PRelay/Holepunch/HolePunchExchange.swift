import LibP2PCore
import LibP2PIdentity
import Multiformats
import NIOCore

/// The exchange after which both ends dial each other at the same time: pure rules.
///
/// The side that accepted the relayed connection begins: CONNECT there and back measures the round trip, then it sends
/// SYNC and waits for half of that, so that both begin to dial in the same moment. When nothing came of it, it may begin
/// again: on the same stream, as the spec says, or on another one, as all programs do.
struct HolePunchExchange: Sendable {
    /// What to do next.
    enum Step: Equatable, Sendable {
        /// Send a message, and wait for the answer.
        case send(HolePunchMessage)
        /// Send a message if there is one, and dial after a while.
        case dial([Multiaddr], after: Duration, HolePunchMessage?)
    }

    private enum State: Sendable {
        case awaitingAnswer(since: NIODeadline)
        case awaitingConnect
        case awaitingSync([Multiaddr])
        case done
    }

    /// The most addresses that are told or dialled.
    static let maxAddresses = 8

    /// How often both ends dial, as the spec says.
    static let maxRounds = 3

    private let own: [Multiaddr]
    private let allowsPrivate: Bool
    private var state: State
    private var rounds = 0

    /// - Parameters:
    ///   - own: this node's direct addresses.
    ///   - allowsPrivate: whether private addresses are told and dialled.
    ///   - isInitiator: whether this side begins.
    init(own: [Multiaddr], allowsPrivate: Bool, isInitiator: Bool, now: NIODeadline) {
        self.own = Self.usable(own, allowsPrivate: allowsPrivate)
        self.allowsPrivate = allowsPrivate
        state = isInitiator ? .awaitingAnswer(since: now) : .awaitingConnect
    }

    /// CONNECT with this node's addresses: what the initiator sends first, and the other side answers with.
    var connect: HolePunchMessage { HolePunchMessage(.connect, observedAddresses: own.map(\.bytes)) }

    /// Takes a message of the other side.
    ///
    /// - Throws: `.malformed` when it comes out of turn.
    mutating func received(_ message: HolePunchMessage, now: NIODeadline) throws(NetworkError) -> Step {
        switch (state, message.kind) {
        case (.awaitingAnswer(let start), .connect):
            state = .done
            let roundTrip = Duration.nanoseconds((now - start).nanoseconds)
            return .dial(addresses(of: message), after: roundTrip / 2, HolePunchMessage(.sync))
        case (.awaitingConnect, .connect):
            state = .awaitingSync(addresses(of: message))
            return .send(connect)
        case (.awaitingSync(let addresses), .sync):
            rounds += 1
            state = rounds < Self.maxRounds ? .awaitingConnect : .done
            return .dial(addresses, after: .zero, nil)
        default:
            throw NetworkError(.malformed, "A hole punching message came out of turn.")
        }
    }

    /// An end that tells no address may still dial the other one's, so none is no error.
    private func addresses(of message: HolePunchMessage) -> [Multiaddr] {
        Self.usable(message.observedAddresses.compactMap { try? Multiaddr(bytes: $0) }, allowsPrivate: allowsPrivate)
    }

    /// The direct ones of addresses, without `/p2p` at their ends; public ones, unless private ones are allowed.
    static func usable(_ addresses: [Multiaddr], allowsPrivate: Bool) -> [Multiaddr] {
        var usable: [Multiaddr] = []
        for address in addresses where usable.count < maxAddresses {
            guard !address.isCircuit, address.isPublic || allowsPrivate, address.ipAddress != nil,
                let bare = address.withoutPeerID, !usable.contains(bare)
            else { continue }
            usable.append(bare)
        }
        return usable
    }
}
