import NIOCore
import Testing

@testable import DelegatedRouting

struct CircuitBreakerTests {
    private let breaker = Tried()
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000_000)

    /// A breaker that is told things one after another.
    private final class Tried {
        private var breaker = CircuitBreaker()

        var isOpen: Bool { breaker.isOpen }
        func admit(now: NIODeadline) -> CircuitBreaker.Permit? { breaker.admit(now: now) }
        func succeeded(_ permit: CircuitBreaker.Permit) { breaker.succeeded(permit) }
        func abandoned(_ permit: CircuitBreaker.Permit, now: NIODeadline) { breaker.abandoned(permit, now: now) }

        func failed(
            _ permit: CircuitBreaker.Permit, by failure: CircuitBreaker.Failure = .refused, now: NIODeadline,
            chance: Double = 0, wish: Duration? = nil
        ) -> Duration? {
            breaker.failed(permit, by: failure, now: now, chance: chance, wish: wish)
        }

        /// Fails some times.
        ///
        /// - Returns: the pause after the last time.
        func fail(_ times: Int, at now: NIODeadline) throws -> Duration? {
            var pause: Duration?
            for _ in 0..<times { pause = failed(try #require(admit(now: now)), now: now) }
            return pause
        }
    }

    @Test func opensAfterThreeFailuresAndOneTriesAfterThePause() throws {
        #expect(try breaker.fail(2, at: start) == nil)
        #expect(!breaker.isOpen)
        #expect(try breaker.fail(1, at: start) == .seconds(5))
        #expect(breaker.isOpen)
        #expect(breaker.admit(now: start + .milliseconds(4999)) == nil)
        let trial = try #require(breaker.admit(now: start + .seconds(5)))
        #expect(breaker.admit(now: start + .seconds(6)) == nil)
        breaker.succeeded(trial)
        #expect(!breaker.isOpen)
        #expect(try breaker.fail(2, at: start + .seconds(7)) == nil)
    }

    @Test func aSuccessForgetsFailures() throws {
        for _ in 0..<10 {
            #expect(try breaker.fail(2, at: start) == nil)
            breaker.succeeded(try #require(breaker.admit(now: start)))
        }
        #expect(!breaker.isOpen)
    }

    @Test func pausesDoubleToTheLongest() throws {
        var now = start
        _ = try breaker.fail(2, at: now)
        var pauses: [Int64] = []
        for _ in 0..<9 {
            let pause = try #require(try breaker.fail(1, at: now))
            pauses.append(pause.components.seconds)
            now = now + TimeAmount(pause)
        }
        #expect(pauses == [5, 10, 20, 40, 80, 160, 300, 300, 300])
        breaker.succeeded(try #require(breaker.admit(now: now)))
        #expect(try breaker.fail(3, at: now) == .seconds(5))
    }

    @Test func chanceMakesThePauseUpToAQuarterLonger() throws {
        for (chance, milliseconds) in [(0.0, 5000), (0.5, 5625), (1.0, 6250), (-3.0, 5000), (9.0, 6250)] {
            let breaker = Tried()
            _ = try breaker.fail(2, at: start)
            let permit = try #require(breaker.admit(now: start))
            #expect(breaker.failed(permit, now: start, chance: chance) == .milliseconds(milliseconds))
        }
    }

    @Test func theServersWishOpensItAtOnceWithinTheLongestPause() throws {
        let permit = try #require(breaker.admit(now: start))
        #expect(breaker.failed(permit, now: start, wish: .seconds(60)) == .seconds(60))
        #expect(breaker.admit(now: start + .seconds(59)) == nil)
        let trial = try #require(breaker.admit(now: start + .seconds(60)))
        #expect(breaker.failed(trial, now: start, wish: .seconds(86_400)) == .seconds(300))
    }

    @Test func timeoutsCountForLess() throws {
        for number in 1...20 {
            let pause = breaker.failed(
                try #require(breaker.admit(now: start)), by: .timedOut, now: start)
            #expect((pause != nil) == (number == 20))
        }
    }

    @Test func whatBeganBeforeChangesNothing() throws {
        let early = try (0..<5).map { _ in try #require(breaker.admit(now: start)) }
        _ = try breaker.fail(3, at: start)
        for permit in early { #expect(breaker.failed(permit, now: start) == nil) }
        breaker.succeeded(early[0])
        #expect(breaker.isOpen)
        #expect(breaker.admit(now: start + .seconds(5)) != nil)
    }

    @Test func anAbandonedTrialLetsAnotherOneTry() throws {
        _ = try breaker.fail(3, at: start)
        let later = start + .seconds(5)
        breaker.abandoned(try #require(breaker.admit(now: later)), now: later)
        #expect(breaker.isOpen)
        #expect(breaker.admit(now: later) != nil)
        #expect(breaker.admit(now: later) == nil)
    }
}
