import LibP2PCore
import LibP2PIdentity
import Multiformats
import NIOCore
import Testing

@testable import LibP2PRelay

private let start = NIODeadline.uptimeNanoseconds(1_000_000_000_000)

private func origin(_ ip: String, isSpared: Bool = false) -> RequestOrigin {
    RequestOrigin(address: IPAddress(ip), isSpared: isSpared)
}

struct ReservationTableTests {
    private func reserve(
        _ table: inout ReservationTable, _ number: UInt8, _ origin: RequestOrigin, _ limits: RelayLimits,
        now: NIODeadline = start
    ) throws -> RelayRefusal? {
        let peer = try peer(number)
        if let refusal = table.refusal(for: peer, from: origin, limits: limits) { return refusal }
        _ = table.reserve(
            peer, from: origin, until: now + TimeAmount(limits.reservationLifetime), expiration: 1, now: now)
        return nil
    }

    @Test func boundsTotalAddressAndPrefix() throws {
        var limits = RelayLimits()
        limits.reservations = 5
        limits.reservationsPerIP = AddressLimit(2)
        limits.reservationsPerSubnet = AddressLimit(3)
        var table = ReservationTable()
        #expect(try reserve(&table, 1, origin("9.9.9.1"), limits) == nil)
        #expect(try reserve(&table, 2, origin("9.9.9.1"), limits) == nil)
        #expect(try reserve(&table, 3, origin("9.9.9.1"), limits) == .reservationsPerIP)
        #expect(try reserve(&table, 3, origin("9.9.9.2"), limits) == nil)
        #expect(try reserve(&table, 4, origin("9.9.9.3"), limits) == .reservationsPerSubnet)
        #expect(try reserve(&table, 4, origin("9.9.8.1"), limits) == nil)
        #expect(try reserve(&table, 5, RequestOrigin(address: nil, isSpared: false), limits) == nil)
        #expect(try reserve(&table, 6, origin("9.9.7.1"), limits) == .reservations)
        // Renewing takes no place, neither here nor there.
        #expect(try reserve(&table, 1, origin("9.9.9.1"), limits) == nil)
        #expect(table.count == 5)
        for number in 1...5 as ClosedRange<UInt8> { #expect(table.end(try peer(number))) }
        #expect(table.isEmpty)
        #expect(!table.end(try peer(1)))
    }

    @Test func sparesPrivateAddressesUnlessTheLimitIsExplicit() throws {
        var limits = RelayLimits()
        limits.reservationsPerIP = AddressLimit(1)
        var table = ReservationTable()
        let lab = origin("127.0.0.1", isSpared: true)
        for number in 1...4 as ClosedRange<UInt8> { #expect(try reserve(&table, number, lab, limits) == nil) }
        limits.reservationsPerIP.isExplicit = true
        #expect(try reserve(&table, 5, lab, limits) == .reservationsPerIP)
    }

    @Test func aNetworkOfIPv6CountsAsOneAddress() throws {
        var limits = RelayLimits()
        limits.reservationsPerIP = AddressLimit(1)
        var table = ReservationTable()
        #expect(try reserve(&table, 1, origin("2600:1:2:3::1"), limits) == nil)
        #expect(try reserve(&table, 2, origin("2600:1:2:3:ffff::2"), limits) == .reservationsPerIP)
        #expect(try reserve(&table, 2, origin("2600:1:2:4::1"), limits) == nil)
    }

    @Test func zeroIsUnlimited() throws {
        var limits = RelayLimits()
        limits.reservations = 0
        limits.reservationsPerIP = AddressLimit(0, isExplicit: true)
        limits.reservationsPerSubnet = AddressLimit(0)
        var table = ReservationTable()
        for number in 0..<200 as Range<UInt8> {
            #expect(try reserve(&table, number, origin("9.9.9.9"), limits) == nil)
        }
    }

    @Test func aPeerThatMovesIsCountedWhereItIs() throws {
        var limits = RelayLimits()
        limits.reservationsPerIP = AddressLimit(1)
        var table = ReservationTable()
        #expect(try reserve(&table, 1, origin("9.9.9.1"), limits) == nil)
        #expect(try reserve(&table, 2, origin("9.9.9.2"), limits) == nil)
        #expect(try reserve(&table, 1, origin("9.9.9.2"), limits) == .reservationsPerIP)
        #expect(try reserve(&table, 1, origin("9.9.9.3"), limits) == nil)
        #expect(try reserve(&table, 3, origin("9.9.9.1"), limits) == nil)
    }

    /// A machine changes its address within its network of IPv6 every day.
    @Test func aPeerThatMovesNearbyKeepsItsPlace() throws {
        var limits = RelayLimits()
        limits.reservationsPerIP = AddressLimit(1)
        limits.reservationsPerSubnet = AddressLimit(2)
        var table = ReservationTable()
        #expect(try reserve(&table, 1, origin("2600:1:2:3::1"), limits) == nil)
        #expect(try reserve(&table, 2, origin("2600:1:2:4::1"), limits) == nil)
        #expect(try reserve(&table, 1, origin("2600:1:2:3:aaaa::2"), limits) == nil)
        #expect(try reserve(&table, 1, origin("2600:1:2:5::1"), limits) == nil)
        #expect(try reserve(&table, 1, origin("2600:1:2:4::2"), limits) == .reservationsPerIP)
        #expect(try reserve(&table, 3, origin("2600:1:2:6::1"), limits) == .reservationsPerSubnet)
        for number in 1...2 as ClosedRange<UInt8> { #expect(table.end(try peer(number))) }
        #expect(table.isEmpty)
    }

    @Test func endsAtItsTimeUnlessRenewed() throws {
        let limits = RelayLimits()
        var table = ReservationTable()
        #expect(try reserve(&table, 1, origin("9.9.9.1"), limits) == nil)
        #expect(try reserve(&table, 2, origin("9.9.9.1"), limits) == nil)
        let half = start + .minutes(30)
        #expect(try reserve(&table, 1, origin("9.9.9.1"), limits, now: half) == nil)
        #expect(table.expire(now: start + .minutes(60) - .nanoseconds(1)) == [])
        let hour = start + .minutes(60)
        #expect(table.reservation(of: try peer(2), now: hour) == nil)
        #expect(table.expire(now: hour) == [try peer(2)])
        #expect(table.reservation(of: try peer(1), now: hour)?.expiresAt == start + .minutes(90))
        #expect(table.nextExpiry == start + .minutes(90))
        #expect(table.expire(now: start + .minutes(90)) == [try peer(1)])
        #expect(table.isEmpty)
        #expect(table.nextExpiry == nil)
    }

    /// go-libp2p and js-libp2p both kept something of each visit, and refused in the end.
    @Test func comingAndGoingLeavesNothingBehind() throws {
        let limits = RelayLimits()
        var table = ReservationTable()
        for _ in 0..<1000 {
            #expect(try reserve(&table, 1, origin("9.9.9.1"), limits) == nil)
            #expect(try reserve(&table, 1, origin("9.9.9.1"), limits) == nil)
            #expect(table.count == 1)
            #expect(table.end(try peer(1)))
        }
        #expect(table.isEmpty)
        #expect(table.expire(now: start + .hours(2)) == [])
    }
}

struct CircuitTableTests {
    @Test func boundsTotalPeersAndAddresses() throws {
        var limits = RelayLimits()
        limits.circuits = 4
        limits.circuitsPerPeer = 2
        limits.circuitsPerIP = AddressLimit(3)
        var table = CircuitTable()
        let near = origin("9.9.9.1")
        func refusal(_ source: UInt8, _ target: UInt8, _ origin: RequestOrigin) throws -> RelayRefusal? {
            let (source, target) = (try peer(source), try peer(target))
            return table.refusal(from: source, to: target, origin: origin, limits: limits)
        }
        let first = table.open(from: try peer(1), to: try peer(2), origin: near)
        let second = table.open(from: try peer(1), to: try peer(3), origin: near)
        #expect(try refusal(1, 4, near) == .circuitsOfSource)
        #expect(try refusal(4, 1, near) == .circuitsOfTarget)
        #expect(try refusal(4, 2, near) == nil)
        let third = table.open(from: try peer(4), to: try peer(2), origin: near)
        #expect(try refusal(5, 6, near) == .circuitsPerIP)
        #expect(try refusal(5, 6, origin("9.9.9.1", isSpared: true)) == nil)
        let fourth = table.open(from: try peer(5), to: try peer(6), origin: origin("9.9.8.1"))
        #expect(try refusal(7, 8, origin("9.9.7.1")) == .circuits)
        #expect(table.close(second)?.target == (try peer(3)))
        #expect(try refusal(1, 7, near) == nil)
        for id in [first, third, fourth] { #expect(table.close(id) != nil) }
        #expect(table.isEmpty)
        #expect(table.close(first) == nil)
    }

    @Test func boundsPrefixes() throws {
        var limits = RelayLimits()
        limits.circuitsPerSubnet = AddressLimit(1)
        var table = CircuitTable()
        _ = table.open(from: try peer(1), to: try peer(2), origin: origin("2600:1:2:3::1"))
        let same = table.refusal(
            from: try peer(3), to: try peer(4), origin: origin("2600:1:2:ff::1"), limits: limits)
        #expect(same == .circuitsPerSubnet)
        let other = table.refusal(
            from: try peer(3), to: try peer(4), origin: origin("2600:1:3:3::1"), limits: limits)
        #expect(other == nil)
    }
}

struct AccessTests {
    @Test func deniesBeforeItAllows() throws {
        var access = RelayAccess()
        #expect(access.allowsReservation(of: try peer(1)))
        #expect(access.allowsCircuit(from: try peer(1), to: try peer(2)))
        access.allowedReservers = [try peer(1), try peer(2)]
        access.deniedSources = [try peer(2)]
        #expect(access.allowsReservation(of: try peer(1)))
        #expect(!access.allowsReservation(of: try peer(2)))
        #expect(!access.allowsReservation(of: try peer(3)))
        #expect(!access.allowsCircuit(from: try peer(2), to: try peer(1)))
        access.allowedTargets = [try peer(4), try peer(5)]
        access.deniedTargets = [try peer(5)]
        #expect(access.allowsCircuit(from: try peer(1), to: try peer(4)))
        #expect(!access.allowsCircuit(from: try peer(1), to: try peer(5)))
        #expect(!access.allowsCircuit(from: try peer(1), to: try peer(6)))
    }
}

struct LaneBudgetTests {
    @Test func countsBytes() {
        var budget = LaneBudget(CircuitBounds(bytes: 100), now: start)
        #expect(budget.allowance(now: start) == .now(100))
        budget.spend(60)
        #expect(budget.allowance(now: start) == .now(40))
        budget.spend(40)
        #expect(budget.allowance(now: start) == .spent)
        var unlimited = LaneBudget(CircuitBounds(bytes: 0), now: start)
        unlimited.spend(1 << 40)
        #expect(unlimited.allowance(now: start) == .now(.max))
    }

    @Test func shapesTheRate() throws {
        var budget = LaneBudget(CircuitBounds(bytes: 0, bytesPerSecond: 1000, burst: 500), now: start)
        #expect(budget.allowance(now: start) == .now(500))
        budget.spend(500)
        guard case .later(let time) = budget.allowance(now: start) else {
            Issue.record("a spent bucket allows more")
            return
        }
        #expect(time > start + .milliseconds(49) && time < start + .milliseconds(51))
        #expect(budget.allowance(now: time) == .now(50))
        budget.spend(50)
        #expect(budget.allowance(now: time + .seconds(100)) == .now(500))
    }

    @Test func aBucketMayOwe() {
        var bucket = TokenBucket(perSecond: 10, capacity: 20, now: start)
        bucket.take(30)
        #expect(bucket.available(now: start) == 0)
        #expect(bucket.available(now: start + .milliseconds(1500)) == 5)
        #expect(bucket.available(now: start + .milliseconds(1000)) == 5)
    }
}

struct PeerLedgerTests {
    @Test func forgetsTheOldest() throws {
        var ledger = PeerLedger(capacity: 8)
        for number in 0..<20 as Range<UInt8> {
            ledger.book(try peer(number), now: start + .seconds(Int64(number))) { $0.reservations += 1 }
            #expect(ledger.count <= 8)
        }
        #expect(ledger.account(of: try peer(19))?.reservations == 1)
        #expect(ledger.account(of: try peer(0)) == nil)
    }
}
