import LibP2PCore

/// One certificate, from the order to its chain.
struct CertificateOrder {
    let client: ACMEClient
    let names: [String]
    /// The certificate in whose place the new one comes, as ``Credentials/renewalID`` names it.
    var replaced: String?
    let solver: any ChallengeSolver
    let executor: LoopExecutor

    /// How long an authority may take to look at a proof, or to make a certificate.
    static let patience = Duration.seconds(120)

    /// Gets a certificate; PEM of its chain and of its key.
    func run() async throws(CertificateError) -> (chain: String, key: String) {
        let (url, order) = try await begin()
        guard order.authorizations.count <= ACMEOrder.maxAuthorizations else {
            throw CertificateError(.authorityFailed, "The certificate authority wants too much to be shown.")
        }
        for authorization in order.authorizations { try await authorize(authorization) }
        let request = try CertificateRequest(names: names)
        try await client.finalize(order.finalize, request: request.text)
        let done: ACMEOrder = try await wait(for: url) { order throws(CertificateError) -> Bool in
            if order.status == "invalid" {
                throw CertificateError(.authorityRefused, "The order is refused: \(order.error?.words ?? "no reason")")
            }
            return order.status == "valid"
        }
        guard let certificate = done.certificate else {
            throw CertificateError(.authorityFailed, "The certificate authority does not say where the certificate is.")
        }
        return (try await client.certificate(certificate), request.key)
    }

    private func begin() async throws(CertificateError) -> (url: String, order: ACMEOrder) {
        guard let replaced else { return try await client.order(names) }
        do throws(CertificateError) {
            return try await client.order(names, replacing: replaced)
        } catch  where error.code == .authorityRefused {
            // As when another account has ordered the old one, or it was replaced already. A new one is wanted anyway.
            return try await client.order(names)
        }
    }

    /// Shows that a name is the node's.
    private func authorize(_ url: String) async throws(CertificateError) {
        let authorization: ACMEAuthorization = try await client.read(url).resource
        if authorization.status == "valid" { return }
        let name = authorization.identifier.value.lowercased()
        // What is shown for it goes to programs and into records: an authority may not choose that.
        guard names.contains(where: { ($0.hasPrefix("*.") ? $0.dropFirst(2) : $0[...]) == name }) else {
            throw CertificateError(
                .authorityRefused,
                "The certificate authority asks for \(BrokerAnswer.printable(name.utf8)), which was not ordered.")
        }
        guard let challenge = authorization.challenges.first(where: { $0.type == solver.kind.rawValue }),
            let token = challenge.token, Challenge.isToken(token)
        else {
            throw CertificateError(
                .authorityRefused, "The certificate authority does not offer \(solver.kind.rawValue) for \(name).")
        }
        let proof = Challenge(
            kind: solver.kind, domain: name, token: token,
            keyAuthorization: "\(token).\(client.key.thumbprint)")
        try await present(proof)
        do throws(CertificateError) {
            try await client.trigger(challenge.url)
            _ = try await wait(for: url, as: ACMEAuthorization.self) { now throws(CertificateError) -> Bool in
                switch now.status {
                case "valid": return true
                case "pending", "processing": return false
                default:
                    let problem = now.challenges.first { $0.error != nil }?.error
                    let words = problem?.words ?? BrokerAnswer.printable(now.status.utf8)
                    throw CertificateError(
                        .authorityRefused, "\(name) is refused by \(solver.kind.rawValue): \(words)")
                }
            }
        } catch {
            await solver.withdraw(proof)
            throw error
        }
        await solver.withdraw(proof)
    }

    private func present(_ challenge: Challenge) async throws(CertificateError) {
        do {
            try await solver.present(challenge)
        } catch let error as CertificateError {
            throw error
        } catch {
            throw CertificateError(
                .unreachable, "\(challenge.kind.rawValue) cannot be shown for \(challenge.domain).", cause: error)
        }
    }

    /// Reads a resource until it is as it should be.
    private func wait<Resource: Decodable>(
        for url: String, as type: Resource.Type = Resource.self,
        _ isDone: (Resource) throws(CertificateError) -> Bool
    ) async throws(CertificateError) -> Resource {
        var pause = Duration.seconds(1)
        var waited = Duration.zero
        while true {
            let (resource, retryAfter) = try await client.read(url, as: type)
            if try isDone(resource) { return resource }
            let wait = max(pause, min(retryAfter ?? .zero, .seconds(30)))
            guard waited + wait <= Self.patience else {
                throw CertificateError(
                    .authorityFailed, "The certificate authority is not done within \(Self.patience).")
            }
            do {
                try await executor.sleep(for: wait)
            } catch {
                throw CertificateError(.cancelled, "The wait for the certificate authority was ended.", cause: error)
            }
            waited += wait
            pause = min(pause * 2, .seconds(10))
        }
    }
}
