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
        #expect(table.enter(one, isSpared: false, now: start) == nil)
        #expect(table.enter(one, isSpared: false, now: start) == nil)
        #expect(table.enter(one, isSpared: false, now: start) == .perIP)
        #expect(table.enter(try address("203.0.113.2"), isSpared: false, now: start) == nil)
        table.leave(one)
        #expect(table.enter(one, isSpared: false, now: start) == nil)
    }

    @Test func aPrefixSharesItsPlaces() throws {
        var table = AdmissionTable(limits: limits { $0.perSubnet = 2 })
        #expect(table.enter(try address("2001:db8:0:1::1"), isSpared: false, now: start) == nil)
        #expect(table.enter(try address("2001:db8:0:2::1"), isSpared: false, now: start) == nil)
        #expect(table.enter(try address("2001:db8:0:3::1"), isSpared: false, now: start) == .perSubnet)
        #expect(table.enter(try address("2001:db8:0:100::1"), isSpared: false, now: start) == nil)
    }

    @Test func theRateRecoversWithTime() throws {
        var table = AdmissionTable(
            limits: limits {
                $0.ratePerIP = 2
                $0.burstPerIP = 3
            })
        let one = try address("203.0.113.1")
        for _ in 0..<3 { #expect(table.enter(one, isSpared: false, now: start) == nil) }
        #expect(table.enter(one, isSpared: false, now: start) == .rate)
        #expect(table.enter(one, isSpared: false, now: start + .milliseconds(400)) == .rate)
        #expect(table.enter(one, isSpared: false, now: start + .milliseconds(600)) == nil)
    }

    @Test func sparedAddressesAreCountedButNotRefused() throws {
        var table = AdmissionTable(limits: limits { $0.perIP = 1 })
        let one = try address("127.0.0.1")
        for _ in 0..<5 { #expect(table.enter(one, isSpared: true, now: start) == nil) }
        #expect(table.addressCount == 1)
        for _ in 0..<5 { table.leave(one) }
        #expect(table.addressCount == 0)
        table.leave(one)
        #expect(table.enter(one, isSpared: false, now: start) == nil)
    }

    @Test func anExplicitLimitHoldsForSparedAddressesAndTheOthersDoNot() throws {
        var table = AdmissionTable(
            limits: limits {
                $0.perIP = 3
                $0.perSubnet = 1
                $0.ratePerIP = 1
                $0.burstPerIP = 1
            })
        let one = try address("127.0.0.1")
        for _ in 0..<3 { #expect(table.enter(one, isSpared: true, holdsPerIP: true, now: start) == nil) }
        #expect(table.enter(one, isSpared: true, holdsPerIP: true, now: start) == .perIP)
        #expect(table.enter(try address("127.0.0.2"), isSpared: true, holdsPerIP: true, now: start) == nil)
    }

    @Test func zeroIsUnlimited() throws {
        var table = AdmissionTable(limits: limits { _ in })
        let one = try address("203.0.113.1")
        for _ in 0..<10_000 { #expect(table.enter(one, isSpared: false, now: start) == nil) }
    }
}
