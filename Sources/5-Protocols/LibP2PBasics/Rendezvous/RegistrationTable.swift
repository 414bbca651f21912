import LibP2PCore
import LibP2PIdentity

/// Who is registered where. A value without I/O or clock.
struct RegistrationTable {
    let limits: RegistrationLimits
    private var registrations: [Registration.Key: Registration] = [:]
    private var counts: [PeerID: Int] = [:]
    private var logs: [String: RegistrationLog] = [:]
    private var log = RegistrationLog()
    private var lastSequence: UInt64 = 0
    private var cost = 0

    init(limits: RegistrationLimits) { self.limits = limits }

    var count: Int { registrations.count }
    var namespaceCount: Int { logs.count }
    var peerCount: Int { counts.count }
    /// Places in the order of all registrations, dead ones included.
    var slotCount: Int { log.slotCount }

    /// Registers a peer whose record was verified, in place of what it had registered in that namespace.
    ///
    /// - Parameter ttl: seconds; nil or 0 for the default.
    /// - Throws: ``RendezvousError`` with the status to answer.
    mutating func register(
        _ key: Registration.Key, record: [UInt8], ttl: UInt64?, now: Timestamp
    ) throws(RendezvousError) -> Registration {
        try checkNamespace(key.namespace)
        guard record.count <= limits.recordLength else {
            throw RendezvousError(.invalidRecord, "the signed record is longer than \(limits.recordLength) bytes")
        }
        let life = try life(ttl)
        let known = registrations[key]
        if known == nil, counts[key.peer, default: 0] >= limits.perPeer {
            throw RendezvousError(.notAuthorized, "the peer has \(limits.perPeer) registrations already")
        }
        let registration = Registration(
            key: key, record: record, expiry: now + life, sequence: nextSequence(now: now))
        guard known != nil || count < limits.total,
            cost - (known?.cost ?? 0) + registration.cost <= limits.memory
        else { throw RendezvousError(.unavailable, "the server has no room for more registrations") }
        insert(registration)
        return registration
    }

    /// Takes in what a journal kept, in any order.
    ///
    /// - Returns: what has expired since, or has no place.
    mutating func restore(_ kept: [Registration], now: Timestamp) -> [Registration.Key] {
        var refused: [Registration.Key] = []
        for registration in kept.sorted(by: { $0.sequence < $1.sequence }) {
            // Two of one number would break the order that pages rely on.
            guard registration.sequence > lastSequence, registration.expiry > now, count < limits.total,
                counts[registration.key.peer, default: 0] < limits.perPeer,
                cost + registration.cost <= limits.memory
            else {
                refused.append(registration.key)
                continue
            }
            lastSequence = registration.sequence
            insert(registration)
        }
        return refused
    }

    /// Takes a registration out.
    ///
    /// - Returns: false when there is none.
    mutating func remove(_ key: Registration.Key) -> Bool {
        guard let old = registrations.removeValue(forKey: key) else { return false }
        cost -= old.cost
        let rest = counts[key.peer, default: 1] - 1
        counts[key.peer] = rest == 0 ? nil : rest
        let live = registrations
        let isLive = { (slot: RegistrationLog.Slot) in live[slot.key]?.sequence == slot.sequence }
        log.strike(isLive: isLive)
        logs[key.namespace]?.strike(isLive: isLive)
        if logs[key.namespace]?.liveCount == 0 { logs[key.namespace] = nil }
        return true
    }

    /// Takes out what has expired.
    mutating func removeExpired(now: Timestamp) -> [Registration.Key] {
        let expired = registrations.values.filter { $0.expiry <= now }.map(\.key)
        for key in expired { _ = remove(key) }
        return expired
    }

    /// One page of a namespace, or of all, and the cookie of the next one.
    ///
    /// - Throws: ``RendezvousError`` with the status to answer.
    func page(
        _ namespace: String?, limit: Int64?, cookie bytes: [UInt8]?, now: Timestamp
    ) throws(RendezvousError) -> (registrations: [Registration], cookie: RegistrationCookie) {
        let namespace = namespace.flatMap { $0.isEmpty ? nil : $0 }
        if let namespace { try checkNamespace(namespace) }
        var cookie = RegistrationCookie(namespace: namespace, sequence: 0)
        if let bytes, !bytes.isEmpty {
            guard let given = RegistrationCookie(bytes: bytes), given.namespace == namespace else {
                throw RendezvousError(.invalidCookie, "the cookie is not one of this server's for this namespace")
            }
            cookie = given
        }
        let wanted = limit.flatMap { $0 > 0 ? Int(clamping: $0) : nil } ?? limits.page
        guard let log = namespace.map({ logs[$0] }) ?? log else { return ([], cookie) }
        var page: [Registration] = []
        var size = 0
        for slot in log.slots(after: cookie.sequence) {
            guard page.count < min(wanted, limits.page) else { break }
            guard let registration = registrations[slot.key], registration.sequence == slot.sequence,
                registration.expiry > now
            else { continue }
            size += registration.record.count + registration.key.namespace.utf8.count + Self.entryOverhead
            guard size <= limits.pageBytes || page.isEmpty else { break }
            page.append(registration)
            cookie.sequence = slot.sequence
        }
        return (page, cookie)
    }

    /// What a registration takes on the wire besides its record and namespace, at most: tags, lengths and the life.
    private static let entryOverhead = 24

    private func checkNamespace(_ namespace: String) throws(RendezvousError) {
        guard 1...limits.namespaceLength ~= namespace.utf8.count else {
            throw RendezvousError(
                .invalidNamespace, "a namespace has 1 to \(limits.namespaceLength) bytes, not \(namespace.utf8.count)")
        }
    }

    private func life(_ ttl: UInt64?) throws(RendezvousError) -> Duration {
        guard let ttl, ttl != 0 else { return limits.defaultTTL }
        guard let seconds = Int64(exactly: ttl), limits.minTTL...limits.maxTTL ~= .seconds(seconds) else {
            throw RendezvousError(
                .invalidTTL, "a registration lives for \(limits.minTTL) to \(limits.maxTTL), not \(ttl) seconds")
        }
        return .seconds(seconds)
    }

    /// Numbers are times, or one more than the last: so they grow over restarts, even if the newest one was forgotten.
    private mutating func nextSequence(now: Timestamp) -> UInt64 {
        lastSequence = max(UInt64(clamping: now.nanoseconds), lastSequence &+ 1)
        return lastSequence
    }

    private mutating func insert(_ registration: Registration) {
        _ = remove(registration.key)
        let slot = RegistrationLog.Slot(sequence: registration.sequence, key: registration.key)
        registrations[registration.key] = registration
        cost += registration.cost
        counts[registration.key.peer, default: 0] += 1
        log.append(slot)
        logs[registration.key.namespace, default: RegistrationLog()].append(slot)
    }
}
