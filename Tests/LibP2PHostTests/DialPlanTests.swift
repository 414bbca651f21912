import Multiformats
import NIOCore
import Testing

@testable import LibP2PHost

@Suite struct DialPlanTests {
    private func plan(_ texts: [String]) throws -> [String] {
        DialPlan(try texts.map { try Multiaddr($0) }).attempts.map { $0.address.description }
    }

    @Test func familiesTakeTurnsAndRelaysComeLast() throws {
        let order = try plan([
            "/ip4/8.8.8.8/tcp/1", "/ip4/8.8.4.4/tcp/1", "/ip4/10.0.0.1/tcp/1", "/ip6/2606:4700::1/tcp/1",
            "/ip4/8.8.8.8/tcp/2/ws",
        ])
        #expect(
            order == [
                "/ip6/2606:4700::1/tcp/1", "/ip4/8.8.8.8/tcp/1", "/ip4/8.8.4.4/tcp/1", "/ip4/8.8.8.8/tcp/2/ws",
                "/ip4/10.0.0.1/tcp/1",
            ])
    }

    @Test func doublesAreTriedOnceAndHundredsAreCut() throws {
        let many = (1...300).map { "/ip4/8.8.8.8/tcp/\($0)" }
        #expect(try plan(many + many).count == DialPlan.maxAttempts)
        #expect(try plan(["/ip4/8.8.8.8/tcp/1", "/ip4/8.8.8.8/tcp/1"]).count == 1)
    }

    @Test func attemptsAreStaggered() throws {
        let attempts = DialPlan(try [Multiaddr("/ip4/8.8.8.8/tcp/1"), Multiaddr("/ip4/8.8.8.8/tcp/2")]).attempts
        #expect(attempts.map(\.delay) == [.zero, DialPlan.stagger])
    }

    @Test func backOffDoublesAndEnds() throws {
        let address = try Multiaddr("/ip4/8.8.8.8/tcp/1")
        let start = NIODeadline.uptimeNanoseconds(1)
        var backOff = BackOff()
        #expect(backOff.allows(address, now: start))
        backOff.failed(address, now: start)
        #expect(!backOff.allows(address, now: start + .seconds(4)))
        #expect(backOff.allows(address, now: start + .seconds(5)))
        backOff.failed(address, now: start)
        #expect(!backOff.allows(address, now: start + .seconds(9)))
        for _ in 0..<100 { backOff.failed(address, now: start) }
        #expect(backOff.allows(address, now: start + BackOff.longest))
        backOff.succeeded(address)
        #expect(backOff.allows(address, now: start))
    }
}
