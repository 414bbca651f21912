public import NIOCore

/// Whether a server is asked, or left alone for a while because it failed: pure rules.
///
/// After some failures without a success nobody asks it for a pause. Then one request may try; when that fails too the next pause is
/// twice as long, and when it succeeds all may ask again. What began before the circuit opened changes nothing afterwards.
public struct CircuitBreaker: Sendable {
    /// When it opens, and for how long.
    public struct Settings: Sendable, Hashable {
        /// Failures after which it opens, with no success in between.
        public var failures = 3
        /// Timeouts after which it opens: more, because content that nobody has takes a sound server long too, and clients
        /// choose what is asked.
        public var timeouts = 20
        /// The pause after these.
        public var firstPause: Duration = .seconds(5)
        /// The longest pause that doubling leads to, or that the server itself may ask for.
        public var longestPause: Duration = .seconds(300)

        /// The defaults.
        public init() {}
    }

    /// What went wrong with a request.
    public enum Failure: Sendable {
        /// The server can't be reached, or says what is no answer.
        case refused
        /// Nothing came in time.
        case timedOut
    }

    /// The leave to ask once. It is given back with what came of it.
    public struct Permit: Sendable {
        fileprivate let round: UInt64
    }

    private enum State {
        case closed(failures: Int, timeouts: Int)
        case open(until: NIODeadline)
        /// The pause is over, and one request tries.
        case trying
    }

    private let settings: Settings
    private var state = State.closed(failures: 0, timeouts: 0)
    private var pause: Duration
    private var round: UInt64 = 0

    /// Makes one that lets all ask.
    public init(_ settings: Settings = Settings()) {
        self.settings = settings
        pause = settings.firstPause
    }

    /// Whether the server counts as failing.
    public var isOpen: Bool {
        if case .closed = state { return false }
        return true
    }

    /// The leave to ask now; nil when the server is to be left alone.
    public mutating func admit(now: NIODeadline) -> Permit? {
        switch state {
        case .closed: return Permit(round: round)
        case .trying: return nil
        case .open(let until):
            guard now >= until else { return nil }
            round += 1
            state = .trying
            return Permit(round: round)
        }
    }

    /// The server answered.
    public mutating func succeeded(_ permit: Permit) {
        guard permit.round == round else { return }
        state = .closed(failures: 0, timeouts: 0)
        pause = settings.firstPause
    }

    /// The server did not answer, or not as it should.
    ///
    /// - Parameters:
    ///   - chance: from 0 to 1: how much of a quarter the pause is longer, so that many nodes do not come back at once.
    ///   - wish: the pause that the server asks for.
    /// - Returns: the pause when this failure opened the circuit.
    public mutating func failed(
        _ permit: Permit, by failure: Failure = .refused, now: NIODeadline, chance: Double, wish: Duration? = nil
    ) -> Duration? {
        guard permit.round == round else { return nil }
        if case .closed(var failures, var timeouts) = state {
            switch failure {
            case .refused: failures += 1
            case .timedOut: timeouts += 1
            }
            state = .closed(failures: failures, timeouts: timeouts)
            if failures < settings.failures, timeouts < settings.timeouts, wish == nil { return nil }
        }
        let wait = min(max(pause, wish ?? .zero), settings.longestPause) * (1 + min(max(chance, 0), 1) / 4)
        pause = min(pause * 2, settings.longestPause)
        round += 1
        state = .open(until: now + TimeAmount(wait))
        return wait
    }

    /// The request ended before the server could answer: nothing is known, and another one may try.
    public mutating func abandoned(_ permit: Permit, now: NIODeadline) {
        guard permit.round == round, case .trying = state else { return }
        state = .open(until: now)
    }
}
