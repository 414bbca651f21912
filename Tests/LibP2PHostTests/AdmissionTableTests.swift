import Multiformats
import NIOCore
import Testing

@testable import LibP2PHost

@Suite struct AdmissionTableTests {
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000)

    private func address(_ text: String) throws -> IPAddress { try #require(IPAddress(text)) }

    private func limits(_ change: (inout ConnectionLimits) -> Void) -> ConnectionLimits {
        var limits = ConnectionLimits()
        limits.perIP = 0
        limits.perSubnet = 0
        limits.ratePerIP = 0
        change(&limits)
        return limits
    }

    @Test func anAddressHoldsSoManyPlacesAndGetsThemBack() throws {
        var table = AdmissionTable(limits: limits { $0.perIP = 2 })
        let one = try address("203.0.113.1")
        #expect(table.enter(one, now: start) == nil)
        #expect(table.enter(one, now: start) == nil)
        #expect(table.enter(one, now: start) == .perIP)
        #expect(table.enter(try address("203.0.113.2"), now: start) == nil)
        table.leave(one)
        #expect(table.enter(one, now: start) == nil)
    }

    @Test func anIPv6CustomerIsOneAddress() throws {
        var table = AdmissionTable(
            limits: limits {
                $0.perIP = 1
                $0.ratePerIP = 1
                $0.burstPerIP = 2
            })
        let (one, other) = (try address("2001:db8::1"), try address("2001:db8::ffff:0:0:1"))
        #expect(table.enter(one, now: start) == nil)
        #expect(table.enter(other, now: start) == .perIP)
        #expect(table.enter(try address("2001:db8:0:1::1"), now: start) == nil)
        // What is given back under one address of the customer is free for another, as far as the rate allows.
        table.leave(one)
        #expect(table.enter(other, now: start) == nil)
        table.leave(other)
        #expect(table.enter(one, now: start) == .rate)
        #expect(table.addressCount == 1)
    }

    @Test func aPrefixSharesItsPlaces() throws {
        var table = AdmissionTable(limits: limits { $0.perSubnet = 2 })
        #expect(table.enter(try address("2001:db8:0:1::1"), now: start) == nil)
        #expect(table.enter(try address("2001:db8:0:2::1"), now: start) == nil)
        #expect(table.enter(try address("2001:db8:0:3::1"), now: start) == .perSubnet)
        #expect(table.enter(try address("2001:db8:0:100::1"), now: start) == nil)
    }

    @Test func theRateRecoversWithTime() throws {
        var table = AdmissionTable(
            limits: limits {
                $0.ratePerIP = 2
                $0.burstPerIP = 3
            })
        let one = try address("203.0.113.1")
        for _ in 0..<3 { #expect(table.enter(one, now: start) == nil) }
        #expect(table.enter(one, now: start) == .rate)
        #expect(table.enter(one, now: start + .milliseconds(400)) == .rate)
        #expect(table.enter(one, now: start + .milliseconds(600)) == nil)
    }

    @Test func addressesForWhichNoLimitHoldsAreCountedButNotRefused() throws {
        var table = AdmissionTable(limits: limits { $0.perIP = 1 })
        let one = try address("127.0.0.1")
        for _ in 0..<5 { #expect(table.enter(one, holding: [], now: start) == nil) }
        #expect(table.addressCount == 1)
        for _ in 0..<5 { table.leave(one) }
        #expect(table.addressCount == 0)
        table.leave(one)
        #expect(table.enter(one, now: start) == nil)
    }

    @Test func onlyTheLimitsThatAreNamedHold() throws {
        var table = AdmissionTable(
            limits: limits {
                $0.perIP = 3
                $0.perSubnet = 1
                $0.ratePerIP = 1
                $0.burstPerIP = 1
            })
        let one = try address("127.0.0.1")
        for _ in 0..<3 { #expect(table.enter(one, holding: .perIP, now: start) == nil) }
        #expect(table.enter(one, holding: .perIP, now: start) == .perIP)
        #expect(table.enter(try address("127.0.0.2"), holding: .perIP, now: start) == nil)
    }

    @Test func zeroIsUnlimited() throws {
        var table = AdmissionTable(limits: limits { _ in })
        let one = try address("203.0.113.1")
        for _ in 0..<10_000 { #expect(table.enter(one, now: start) == nil) }
    }
}
