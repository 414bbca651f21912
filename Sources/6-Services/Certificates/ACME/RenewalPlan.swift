import LibP2PCore

/// When a certificate is obtained, again or for the first time: pure rules.
struct RenewalPlan {
    private var failures = 0

    /// The wait after the first failure; it doubles with each further one.
    static let firstWait = Duration.seconds(60)
    /// The longest wait between two tries: authorities want to see no more than a few a day.
    static let longestWait = Duration.seconds(6 * 3600)

    /// When a certificate is renewed: when a third of its time is left, and up to a twentieth of that earlier, so that nodes
    /// that were started together do not all come at once.
    ///
    /// - Parameter chance: from 0 to 1.
    static func renewal(of credentials: Credentials, chance: Double) -> Timestamp {
        let third = (credentials.notAfter - credentials.notBefore) / 3
        return credentials.notAfter - third - third / 20 * chance
    }

    /// It was done.
    mutating func succeeded() { failures = 0 }

    /// It was tried in vain.
    ///
    /// - Returns: how long to wait, with as much as half of it more by chance; never less than the server asks for.
    mutating func failed(retryAfter: Duration?, chance: Double) -> Duration {
        var wait = Self.firstWait
        for _ in 0..<min(failures, 16) where wait < Self.longestWait { wait = wait * 2 }
        failures += 1
        wait = min(wait, Self.longestWait)
        return max(retryAfter ?? .zero, wait + wait / 2 * chance)
    }
}
