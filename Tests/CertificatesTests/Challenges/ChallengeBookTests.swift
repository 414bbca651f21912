import Crypto
import LibP2PCore
import Testing

@testable import Certificates

@Suite("Proofs at the front door")
struct ChallengeBookTests {
    private let clock = WallClock { Timestamp(seconds: 1_700_000_000) }

    private func challenge(
        _ kind: ChallengeKind, domain: String = "one.example", token: String = "token_1-A"
    ) -> Challenge {
        Challenge(kind: kind, domain: domain, token: token, keyAuthorization: "\(token).thumbprint")
    }

    @Test func filesAreThereWhileTheyArePresented() async throws {
        let book = ChallengeBook()
        let solver = FrontDoorSolver(.http01, book: book)
        #expect(await book.file("token_1-A") == nil)
        try await solver.present(challenge(.http01))
        #expect(await book.file("token_1-A") == "token_1-A.thumbprint")
        #expect(await book.file("../token_1-A") == nil)
        await solver.withdraw(challenge(.http01))
        #expect(await book.file("token_1-A") == nil)
    }

    @Test func certificatesAreThereWhileTheyArePresented() async throws {
        let book = ChallengeBook()
        let solver = FrontDoorSolver(.tlsALPN01, book: book)
        #expect(await book.context(for: "one.example") == nil)
        try await solver.present(challenge(.tlsALPN01))
        #expect(await book.context(for: "one.example") != nil)
        #expect(await book.context(for: "two.example") == nil)
        // A newer order's proof is not taken away with an older one's.
        try await solver.present(challenge(.tlsALPN01, token: "newer"))
        await solver.withdraw(challenge(.tlsALPN01))
        #expect(await book.context(for: "one.example") != nil)
        await solver.withdraw(challenge(.tlsALPN01, token: "newer"))
        #expect(await book.context(for: "one.example") == nil)
    }

    @Test func aFleetShowsOneAnothersProofs() async throws {
        let shared = MemoryFleetStore(clock: clock)
        let (one, two) = (ChallengeBook(fleet: shared), ChallengeBook(fleet: shared))
        for kind in [ChallengeKind.http01, .tlsALPN01] {
            try await FrontDoorSolver(kind, book: one).present(challenge(kind))
        }
        #expect(await two.file("token_1-A") == "token_1-A.thumbprint")
        #expect(await two.context(for: "one.example") != nil)
        for kind in [ChallengeKind.http01, .tlsALPN01] {
            await FrontDoorSolver(kind, book: one).withdraw(challenge(kind))
        }
        #expect(await two.file("token_1-A") == nil)
        #expect(await two.context(for: "one.example") == nil)
    }

    @Test func proofsAreBounded() async throws {
        let solver = FrontDoorSolver(.http01, book: ChallengeBook())
        await #expect(throws: CertificateError(.authorityFailed, "")) {
            for number in 0..<1000 { try await solver.present(challenge(.http01, token: "t\(number)")) }
        }
    }

    @Test(arguments: [
        ("a", true), ("Az09-_", true), ("", false), ("a/b", false), ("a.b", false), ("a b", false), ("ä", false),
        (String(repeating: "a", count: 256), true), (String(repeating: "a", count: 257), false),
    ])
    func tokens(text: String, isToken: Bool) {
        #expect(Challenge.isToken(text) == isToken)
    }
}
