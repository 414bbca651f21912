import HeapModule
import LibP2PCore
import LibP2PIdentity
import Multiformats
import NIOCore

/// Who holds a place at the relay: pure rules.
///
/// A peer has one reservation at most. Asking again renews it in its place, so that a peer that comes back a thousand
/// times never counts twice. It ends when the peer's last connection ends, or at its time.
struct ReservationTable: Sendable {
    /// A peer's place.
    struct Reservation: Sendable, Equatable {
        /// Where it was asked from last.
        var origin: RequestOrigin
        /// When it was first made, by the loops' clock.
        var madeAt: NIODeadline
        /// When it ends unless it is renewed.
        var expiresAt: NIODeadline
        /// The same time for others, in seconds since 1970-01-01 00:00 UTC.
        var expiration: UInt64
    }

    private struct Alarm: Comparable, Sendable {
        let time: NIODeadline
        /// Alarms of a peer's earlier reservations ring for nothing.
        let ticket: UInt64
        let peer: PeerID

        static func < (left: Alarm, right: Alarm) -> Bool { (left.time, left.ticket) < (right.time, right.ticket) }
        static func == (left: Alarm, right: Alarm) -> Bool { left.ticket == right.ticket }
    }

    private struct Entry: Sendable {
        var reservation: Reservation
        let ticket: UInt64
    }

    private var entries: [PeerID: Entry] = [:]
    private var addresses = AddressCounts()
    /// One for each entry, and some of entries that are gone. An entry that was renewed gets its next one when it rings.
    private var alarms = Heap<Alarm>()
    private var lastTicket: UInt64 = 0

    /// How many there are, those included whose time is over but was not looked at.
    var count: Int { entries.count }

    /// Whether nothing is held or counted.
    var isEmpty: Bool { entries.isEmpty && addresses.isEmpty }

    /// All peers with their reservations, in no order.
    var all: [(peer: PeerID, reservation: Reservation)] { entries.map { ($0.key, $0.value.reservation) } }

    /// A peer's reservation, if its time is not over.
    func reservation(of peer: PeerID, now: NIODeadline) -> Reservation? {
        guard let reservation = entries[peer]?.reservation, reservation.expiresAt > now else { return nil }
        return reservation
    }

    /// Whether a reservation may be made or renewed.
    ///
    /// Call ``expire(now:)`` before.
    /// - Returns: the reason to refuse it; nil when it may.
    func refusal(for peer: PeerID, from origin: RequestOrigin, limits: RelayLimits) -> RelayRefusal? {
        let own = entries[peer]?.reservation
        if own == nil, limits.reservations > 0, entries.count >= limits.reservations { return .reservations }
        guard let address = origin.address else { return nil }
        let isSpared = origin.isSpared
        // A place that is renewed from nearby counts there already.
        let held = own?.origin.address
        if held?.customer != address.customer,
            limits.reservationsPerIP.forbids(addresses.count(at: address), isSpared: isSpared)
        {
            return .reservationsPerIP
        }
        if held?.subnet != address.subnet,
            limits.reservationsPerSubnet.forbids(addresses.count(around: address), isSpared: isSpared)
        {
            return .reservationsPerSubnet
        }
        return nil
    }

    /// Makes or renews a reservation.
    ///
    /// - Returns: whether it is new.
    mutating func reserve(
        _ peer: PeerID, from origin: RequestOrigin, until expiresAt: NIODeadline, expiration: UInt64, now: NIODeadline
    ) -> Bool {
        if var entry = entries[peer] {
            if entry.reservation.origin.address != origin.address {
                if let old = entry.reservation.origin.address { addresses.remove(old) }
                if let new = origin.address { addresses.add(new) }
            }
            entry.reservation.origin = origin
            entry.reservation.expiresAt = expiresAt
            entry.reservation.expiration = expiration
            entries[peer] = entry
            return false
        }
        lastTicket += 1
        entries[peer] = Entry(
            reservation: Reservation(origin: origin, madeAt: now, expiresAt: expiresAt, expiration: expiration),
            ticket: lastTicket)
        if let address = origin.address { addresses.add(address) }
        alarms.insert(Alarm(time: expiresAt, ticket: lastTicket, peer: peer))
        forgetDeadAlarms()
        return true
    }

    /// Ends a peer's reservation.
    ///
    /// - Returns: whether there was one.
    mutating func end(_ peer: PeerID) -> Bool {
        guard let entry = entries.removeValue(forKey: peer) else { return false }
        if let address = entry.reservation.origin.address { addresses.remove(address) }
        return true
    }

    /// Ends the reservations whose time is over.
    ///
    /// - Returns: whose they were.
    mutating func expire(now: NIODeadline) -> [PeerID] {
        var ended: [PeerID] = []
        while let alarm = alarms.min, alarm.time <= now {
            alarms.removeMin()
            guard let entry = entries[alarm.peer], entry.ticket == alarm.ticket else { continue }
            if entry.reservation.expiresAt <= now {
                _ = end(alarm.peer)
                ended.append(alarm.peer)
            } else {
                alarms.insert(Alarm(time: entry.reservation.expiresAt, ticket: entry.ticket, peer: alarm.peer))
            }
        }
        return ended
    }

    /// When to look at the reservations again; nil when there are none.
    var nextExpiry: NIODeadline? { entries.isEmpty ? nil : alarms.min?.time }

    /// Keeps the alarms in proportion to the entries, however often peers come and go within a lifetime.
    private mutating func forgetDeadAlarms() {
        guard alarms.count > 2 * entries.count + 64 else { return }
        alarms = Heap(alarms.unordered.filter { entries[$0.peer]?.ticket == $0.ticket })
    }
}
