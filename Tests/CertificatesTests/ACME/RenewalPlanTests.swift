import LibP2PCore
import Testing

@testable import Certificates

@Suite("When a certificate is renewed")
struct RenewalPlanTests {
    private let day = Duration.seconds(86_400)

    /// A certificate of ninety days, and the time at which it begins.
    private func held() throws -> (credentials: Credentials, start: Timestamp) {
        let certificate = try TestCertificate(names: ["one.example"], from: 0, to: 90 * 86_400)
        let credentials = try Credentials(chain: certificate.chain, key: certificate.key, protocols: [])
        return (credentials, credentials.notBefore)
    }

    @Test func withoutOneItIsObtainedAtOnce() {
        #expect(RenewalPlan().step(at: Timestamp(seconds: 0)) == .obtain)
    }

    @Test func aThirdBeforeItsEndAndEarlierByChance() throws {
        let (credentials, start) = try held()
        #expect(RenewalPlan.renewal(of: credentials, chance: 0) == start + day * 60)
        #expect(RenewalPlan.renewal(of: credentials, chance: 1) == start + day * 58.5)
    }

    @Test func theAuthorityIsAskedAndItsWindowHolds() throws {
        let (credentials, start) = try held()
        var plan = RenewalPlan()
        plan.holds(credentials, at: start, chance: 0)
        #expect(plan.step(at: start) == .inquire)
        plan.inquired(
            ACMERenewal(start: start + day * 10, end: start + day * 12, retryAfter: nil), at: start, chance: 0.5)
        #expect(plan.step(at: start) == .wait(RenewalPlan.inquiryInterval))
        #expect(plan.step(at: start + day * 11) == .obtain)
    }

    @Test func whatItSaysIsBounded() throws {
        let (credentials, start) = try held()
        var plan = RenewalPlan()
        plan.holds(credentials, at: start, chance: 0)
        // Too late, and to be asked again at once, or never.
        let late = start + day * 1000
        plan.inquired(ACMERenewal(start: late, end: late, retryAfter: .zero), at: start, chance: 0)
        #expect(plan.step(at: start) == .wait(.seconds(60)))
        #expect(plan.step(at: start + day * 81) == .obtain)
        plan.inquired(ACMERenewal(start: late, end: late, retryAfter: day * 365), at: start, chance: 0)
        #expect(plan.step(at: start) == .wait(day))
    }

    /// One that always wants a renewal gets one in a hundredth of a certificate's time.
    @Test func anAuthorityThatNeverHasEnough() throws {
        let (credentials, start) = try held()
        var plan = RenewalPlan()
        plan.holds(credentials, at: start, chance: 0)
        plan.inquired(ACMERenewal(start: start, end: start, retryAfter: day), at: start, chance: 0)
        #expect(plan.step(at: start + day * 0.8) == .wait(day * 0.1))
        #expect(plan.step(at: start + day * 0.9) == .obtain)
    }

    @Test func anAuthorityThatSaysNothing() throws {
        let (credentials, start) = try held()
        var plan = RenewalPlan()
        plan.holds(credentials, at: start, chance: 0)
        plan.inquired(nil, at: start, chance: 0)
        #expect(plan.step(at: start) == .wait(RenewalPlan.inquiryInterval))
        plan.neverInquires()
        #expect(plan.step(at: start) == .wait(day * 60))
    }

    @Test func waitsGrowAndHaveALimit() {
        var plan = RenewalPlan()
        let now = Timestamp(seconds: 0)
        let waits = (0..<12).map { _ in plan.failed(retryAfter: nil, at: now, chance: 0) }
        #expect(Array(waits.prefix(4)) == [60, 120, 240, 480].map { .seconds($0) })
        #expect(waits.last == RenewalPlan.longestWait)
        #expect(plan.failed(retryAfter: nil, at: now, chance: 1) == RenewalPlan.longestWait * 1.5)
        #expect(plan.failed(retryAfter: day, at: now, chance: 0) == day)
        #expect(plan.step(at: now) == .wait(day))
        #expect(plan.step(at: now + day) == .obtain)
    }

    @Test func successBeginsAnew() throws {
        let (credentials, start) = try held()
        var plan = RenewalPlan()
        for _ in 0..<5 { _ = plan.failed(retryAfter: nil, at: start, chance: 0) }
        plan.holds(credentials, at: start, chance: 0)
        #expect(plan.failed(retryAfter: nil, at: start, chance: 0) == RenewalPlan.firstWait)
    }
}
