import LibP2PCore

/// When a certificate is obtained, again or for the first time: pure rules.
struct RenewalPlan {
    /// What is to be done now.
    enum Step: Hashable {
        case wait(Duration)
        /// Ask the authority when it wants the certificate to be renewed.
        case inquire
        case obtain
    }

    /// When the certificate that is there is renewed; nil without one.
    private var renewal: Timestamp?
    /// When it may be renewed, whatever the authority says: one that always says «now» is not asked without end.
    private var bounds: (earliest: Timestamp, latest: Timestamp)?
    private var inquiry: Timestamp?
    /// Nothing is ordered before.
    private var pausedUntil: Timestamp?
    private var failures = 0

    /// The wait after the first failure; it doubles with each further one.
    static let firstWait = Duration.seconds(60)
    /// The longest wait between two tries: authorities want to see no more than a few a day.
    static let longestWait = Duration.seconds(6 * 3600)
    /// How often an authority is asked when to renew, where it says nothing else (RFC 9773, section 4.3).
    static let inquiryInterval = Duration.seconds(6 * 3600)
    private static let inquiryRange = Duration.seconds(60)...Duration.seconds(86_400)

    /// When a certificate is renewed: when a third of its time is left, and up to a twentieth of that earlier, so that nodes
    /// that were started together do not all come at once.
    ///
    /// - Parameter chance: from 0 to 1.
    static func renewal(of credentials: Credentials, chance: Double) -> Timestamp {
        let third = (credentials.notAfter - credentials.notBefore) / 3
        return credentials.notAfter - third - third / 20 * chance
    }

    /// This certificate is there from now on.
    mutating func holds(_ credentials: Credentials, at now: Timestamp, chance: Double) {
        renewal = Self.renewal(of: credentials, chance: chance)
        let lifetime = credentials.notAfter - credentials.notBefore
        bounds = (now + max(lifetime / 100, .seconds(60)), credentials.notAfter - lifetime / 10)
        inquiry = now
        pausedUntil = nil
        failures = 0
    }

    /// The authority was asked when to renew.
    ///
    /// - Parameter window: what it said; nil when it said nothing that could be read. Then what was planned holds.
    mutating func inquired(_ window: ACMERenewal?, at now: Timestamp, chance: Double) {
        let pause = window?.retryAfter ?? Self.inquiryInterval
        inquiry = now + min(max(pause, Self.inquiryRange.lowerBound), Self.inquiryRange.upperBound)
        guard let window, let bounds else { return }
        let wish = window.start + (window.end - window.start) * chance
        renewal = min(max(wish, bounds.earliest), bounds.latest)
    }

    /// The authority says nothing about renewals.
    mutating func neverInquires() { inquiry = nil }

    /// It was tried in vain.
    ///
    /// - Returns: how long to wait, with as much as half of it more by chance; never less than the server asks for.
    mutating func failed(retryAfter: Duration?, at now: Timestamp, chance: Double) -> Duration {
        var wait = Self.firstWait
        for _ in 0..<min(failures, 16) where wait < Self.longestWait { wait = wait * 2 }
        failures += 1
        wait = min(wait, Self.longestWait)
        return postponed(by: max(retryAfter ?? .zero, wait + wait / 2 * chance), at: now)
    }

    /// It is tried later.
    @discardableResult
    mutating func postponed(by wait: Duration, at now: Timestamp) -> Duration {
        pausedUntil = now + wait
        return wait
    }

    /// What is to be done.
    func step(at now: Timestamp) -> Step {
        guard let renewal, renewal > now else {
            guard let pausedUntil, pausedUntil > now else { return .obtain }
            return .wait(pausedUntil - now)
        }
        guard let inquiry else { return .wait(renewal - now) }
        return inquiry <= now ? .inquire : .wait(min(renewal, inquiry) - now)
    }
}
