import LibP2PCore
import LibP2PIdentity
import LibP2PTesting
import Multiformats
import Synchronization

@testable import Certificates

extension FuzzTarget {
    static let certificates = [
        FuzzTarget("authority", cost: 20, check: authority), FuzzTarget("broker", cost: 20, check: broker),
        FuzzTarget("chain", cost: 8, check: chain),
    ]

    /// What was done with answers that nobody should have believed.
    private struct Deeds {
        var answers: ArraySlice<Answer>
        var requests = 0
        var brokenRule: String?
    }

    /// An answer, one a line: its status, four header fields and its body, between bars. A pilcrow stands for the end of a
    /// line in it.
    private struct Answer {
        let status: Int
        let fields: [String]
        let body: String

        init?(_ line: Substring) {
            let parts = line.split(separator: "|", maxSplits: 5, omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 6, let status = Int(parts[0]) else { return nil }
            self.status = status
            fields = Array(parts[1...4])
            body = parts[5].replacing("¶", with: "\n")
        }

        /// A field that may be left out.
        func field(_ number: Int) -> String? { fields[number].isEmpty ? nil : fields[number] }

        static func all(_ input: [UInt8]) -> ArraySlice<Answer> {
            String(decoding: input, as: UTF8.self).split(separator: "\n").compactMap(Answer.init)[...]
        }
    }

    /// Shows everything at once, if it may be shown.
    private struct Solver: ChallengeSolver {
        let kind = ChallengeKind.dns01
        let check: @Sendable (Challenge) -> Void

        func present(_ challenge: Challenge) async throws { check(challenge) }
        func withdraw(_ challenge: Challenge) async {}
    }

    /// The answers of a certificate authority, to an order for two names.
    private static func authority(_ input: [UInt8]) throws -> Bool {
        let deeds = Mutex(Deeds(answers: Answer.all(input)))
        let names = ["one.example", "*.two.example"]
        let client = ACMEClient(directory: "https://ca.example/dir", key: ACMEKey()) { request in
            try deeds.withLock { deeds in
                deeds.requests += 1
                if !request.url.hasPrefix("https://") { deeds.brokenRule = "\(request.url) is asked" }
                guard let answer = deeds.answers.popFirst() else { throw NetworkError(.unreachable, "the end") }
                return ACMEAnswer(
                    status: answer.status, nonce: answer.field(0), location: answer.field(1),
                    retryAfter: answer.field(2).flatMap { Int64($0) }.map { .seconds(max(0, min($0, 604_800))) },
                    body: Array(answer.body.utf8))
            }
        }
        let solver = Solver { challenge in
            let isOrdered = ["one.example", "two.example"].contains(challenge.domain)
            guard !isOrdered || !Challenge.isToken(challenge.token) else { return }
            deeds.withLock { $0.brokenRule = "\(challenge) is shown" }
        }
        return try Simulation.run { simulation in
            let order = CertificateOrder(client: client, names: names, solver: solver, executor: simulation.executor)
            let chain: String?
            do {
                chain = try simulation.perform(atMost: .seconds(86_400)) { try await order.run().chain }
            } catch let error as CertificateError {
                try requirePrintable(error)
                chain = nil
            }
            let done = deeds.withLock { $0 }
            if let rule = done.brokenRule { throw BrokenRule(rule) }
            return chain != nil
        }
    }

    /// The answers of a broker, to one registration.
    private static func broker(_ input: [UInt8]) throws -> Bool {
        let deeds = Mutex(Deeds(answers: Answer.all(input)))
        let identity = try PrivateKey(ed25519Seed: [UInt8](repeating: 2, count: 32))
        let address = try Multiaddr("/ip4/192.0.2.1/tcp/4001")
        return try Simulation.run { simulation in
            let broker = AutoTLSBroker(host: "example.com", identity: identity, clock: simulation.clock) { request in
                try deeds.withLock { deeds in
                    deeds.requests += 1
                    let fields = [request.authorization, request.cookie].compactMap { $0 }
                    if !fields.allSatisfy({ $0.utf8.allSatisfy { (0x20...0x7e).contains($0) } }) {
                        deeds.brokenRule = "\(fields) are sent"
                    }
                    guard let answer = deeds.answers.popFirst() else { throw NetworkError(.unreachable, "the end") }
                    return BrokerAnswer(
                        status: answer.status, challenges: [answer.field(0)].compactMap { $0 }, info: answer.field(1),
                        cookies: [answer.field(2), answer.field(3)].compactMap { $0 },
                        text: BrokerAnswer.printable(answer.body.utf8))
                }
            }
            var isUnderstood = true
            do {
                try simulation.perform { try await broker.register("value", addresses: [address]) }
            } catch let error as CertificateError {
                try requirePrintable(error)
                isUnderstood = error.code != .brokerFailed
            }
            let done = deeds.withLock { $0 }
            try require(done.requests <= 4, "a broker is asked \(done.requests) times")
            if let rule = done.brokenRule { throw BrokenRule(rule) }
            return isUnderstood
        }
    }

    /// What is logged of an error must be one line.
    private static func requirePrintable(_ error: CertificateError) throws {
        try require(
            error.message.utf8.allSatisfy { (0x20...0x7e).contains($0) } && error.message.utf8.count < 2000,
            "the log is told \(error.message)")
    }

    /// A file of a certificate's key and its chain, as a node keeps it.
    private static func chain(_ input: [UInt8]) throws -> Bool {
        let text = String(decoding: input, as: UTF8.self)
        let credentials: Credentials
        do {
            credentials = try Credentials(chain: text, key: text, protocols: ["h2"])
        } catch {
            return false
        }
        try require(!credentials.covers(""), "no certificate is for nobody")
        for name in credentials.names { try requireEqual(name, name.lowercased(), "names are in lower case") }
        if let id = credentials.renewalID {
            try require(id.utf8.allSatisfy { (0x2d...0x7a).contains($0) && $0 != 0x2f }, "\(id) is part of a URL")
        }
        return true
    }
}
