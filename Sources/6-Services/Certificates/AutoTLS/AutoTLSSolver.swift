/// Proves a peer's names by AutoTLS: the broker writes the record that DNS-01 asks for.
public struct AutoTLSSolver: ChallengeSolver {
    private let publisher: AutoTLSPublisher

    /// A solver by a publisher.
    public init(_ publisher: AutoTLSPublisher) { self.publisher = publisher }

    /// See ``ChallengeSolver``.
    public var kind: ChallengeKind { .dns01 }

    /// See ``ChallengeSolver``.
    public func present(_ challenge: Challenge) async throws {
        guard challenge.domain == publisher.name.domain else {
            throw CertificateError(
                .authorityRefused,
                "The certificate authority asks for \(challenge.domain), not for \(publisher.name.domain).")
        }
        try await publisher.publish(challenge.recordText)
    }

    /// The broker forgets it by itself, within the hour.
    public func withdraw(_ challenge: Challenge) async {}
}
