public import Multiformats
import NIOCore
import Synchronization

/// The connections of shared ports that have said nothing yet: bounded for each address and in all.
///
/// When there are too many in all the oldest gives way, so that those who connect and stay silent never shut a newcomer out.
public final class SilentConnections: Sendable {
    /// What became of a connection.
    package enum Outcome: Hashable, Sendable, CaseIterable {
        /// It has begun.
        case began(FirstByte)
        /// It said nothing in time.
        case timedOut
        /// It ended before.
        case hungUp
        /// It gave way to a newer one.
        case displaced
        /// Its address has too many of the kind.
        case refused

        /// All of them.
        package static let allCases = FirstByte.allCases.map { .began($0) } + [timedOut, hungUp, displaced, refused]

        /// The name in metrics.
        package var name: String {
            switch self {
            case .began(let first): first.rawValue
            case .timedOut: "timed_out"
            case .hungUp: "hung_up"
            case .displaced: "displaced"
            case .refused: "refused"
            }
        }
    }

    /// The place of one of them.
    struct Place: Sendable {
        fileprivate let connections: SilentConnections
        fileprivate let ticket: UInt64

        /// Gives the place back. Calling it again does nothing.
        func leave(as outcome: Outcome) { connections.leave(ticket, as: outcome) }
    }

    private struct Entry {
        let channel: any Channel
        let customer: IPAddress?
    }

    private struct State {
        var entries: [UInt64: Entry] = [:]
        var perIP: [IPAddress: Int] = [:]
        var outcomes: [Outcome: Int] = [:]
        var lastTicket: UInt64 = 0
    }

    private let total: Int
    private let perIP: Int
    private let isSpared: @Sendable (IPAddress) -> Bool
    private let state = Mutex(State())

    /// Makes a table.
    ///
    /// - Parameters:
    ///   - total: connections in all; the oldest gives way.
    ///   - perIP: connections of one IP address, or of one /64 of IPv6.
    ///   - isSpared: addresses that `perIP` does not hold for.
    public init(total: Int, perIP: Int, isSpared: @escaping @Sendable (IPAddress) -> Bool = { _ in false }) {
        self.total = total
        self.perIP = perIP
        self.isSpared = isSpared
    }

    /// How many there are.
    package var count: Int { state.withLock { $0.entries.count } }

    /// How many ended so.
    package func count(of outcome: Outcome) -> Int { state.withLock { $0.outcomes[outcome, default: 0] } }

    /// Takes a place for a connection; nil when its address has too many.
    func admit(_ channel: any Channel) -> Place? {
        let source = channel.remoteAddress?.ipAddress.flatMap { IPAddress($0.prefix { $0 != "%" })?.unmapped }
        let customer = source.flatMap { isSpared($0) ? nil : $0.customer }
        let (ticket, displaced): (UInt64?, (any Channel)?) = state.withLock { state in
            if let customer, state.perIP[customer, default: 0] >= perIP {
                state.outcomes[.refused, default: 0] += 1
                return (nil, nil)
            }
            // Tickets grow, so the least one is the oldest.
            let oldest = state.entries.count >= total ? state.entries.keys.min() : nil
            let displaced = oldest.flatMap { Self.remove($0, as: .displaced, from: &state) }
            state.lastTicket += 1
            state.entries[state.lastTicket] = Entry(channel: channel, customer: customer)
            if let customer { state.perIP[customer, default: 0] += 1 }
            return (state.lastTicket, displaced?.channel)
        }
        displaced?.close(promise: nil)
        return ticket.map { Place(connections: self, ticket: $0) }
    }

    /// Closes all of them.
    func closeAll() {
        for channel in state.withLock({ $0.entries.values.map(\.channel) }) { channel.close(promise: nil) }
    }

    private func leave(_ ticket: UInt64, as outcome: Outcome) {
        state.withLock { _ = Self.remove(ticket, as: outcome, from: &$0) }
    }

    private static func remove(_ ticket: UInt64, as outcome: Outcome, from state: inout State) -> Entry? {
        guard let entry = state.entries.removeValue(forKey: ticket) else { return nil }
        state.outcomes[outcome, default: 0] += 1
        if let customer = entry.customer, let count = state.perIP[customer] {
            state.perIP[customer] = count > 1 ? count - 1 : nil
        }
        return entry
    }
}
