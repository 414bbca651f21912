import Crypto
import LibP2PCore
import Multiformats
import Testing

@testable import Certificates

@Suite("An account at a certificate authority")
struct ACMEClientTests {
    private let clock = WallClock { Timestamp(seconds: 1_700_000_000) }
    private let solver = RecordingSolver()

    private func client(_ authority: FakeAuthority, external: ExternalAccount? = nil) -> ACMEClient {
        ACMEClient(
            directory: FakeAuthority.directory, key: ACMEKey(), external: external, exchange: authority.exchange)
    }

    @Test func theAccountIsAskedForOnce() async throws {
        let authority = FakeAuthority(solver: solver, clock: clock)
        let client = client(authority)
        for _ in 0..<3 { _ = try await client.order(["one.example"]) }
        #expect(authority.requests.count { $0 == "/account" } == 1)
        #expect(authority.requests.count { $0 == "/dir" } == 1)
        // Nonces come with the answers.
        #expect(authority.requests.count { $0 == "/nonce" } == 1)
    }

    @Test func externalAccountsAreBound() async throws {
        let key = Array("a key of the customer's".utf8)
        let authority = FakeAuthority(solver: solver, clock: clock, external: ("customer", key))
        await #expect(throws: CertificateError(.authorityRefused, "")) {
            _ = try await client(authority).order(["one.example"])
        }
        let external = ExternalAccount(name: "customer", key: Multibase.base64url.encodeBody(key))
        _ = try await client(authority, external: external).order(["one.example"])
        let wrong = ExternalAccount(name: "customer", key: Multibase.base64url.encodeBody([1, 2, 3]))
        await #expect(throws: CertificateError(.authorityRefused, "")) {
            _ = try await client(authority, external: wrong).order(["one.example"])
        }
    }

    /// An authority that has forgotten an account is given it again.
    @Test func aForgottenAccountIsMadeAgain() async throws {
        let authority = FakeAuthority(solver: solver, clock: clock)
        let client = client(authority)
        _ = try await client.order(["one.example"])
        authority.fail("/order", with: FakeAuthority.problem("accountDoesNotExist", status: 400))
        await #expect(throws: CertificateError(.authorityRefused, "")) { _ = try await client.order(["one.example"]) }
        _ = try await client.order(["one.example"])
        #expect(authority.requests.count { $0 == "/account" } == 2)
    }

    @Test(
        arguments: [
            (nil, CertificateError.Code.unreachable), (ACMEAnswer(status: 503), .authorityFailed),
            (ACMEAnswer(status: 200, body: Array("no JSON".utf8)), .authorityFailed),
            (ACMEAnswer(status: 200, body: Array("{}".utf8)), .authorityFailed),
            (
                ACMEAnswer(
                    status: 200,
                    body: Array(#"{"newNonce":"http://a.example","newAccount":"ftp://x","newOrder":"y"}"#.utf8)),
                .authorityFailed
            ),
        ] as [(ACMEAnswer?, CertificateError.Code)])
    func aDirectoryThatIsNone(answer: ACMEAnswer?, code: CertificateError.Code) async throws {
        let authority = FakeAuthority(solver: solver, clock: clock)
        authority.fail("/dir", with: answer)
        let error = await #expect(throws: CertificateError.self) {
            _ = try await client(authority).order(["one.example"])
        }
        #expect(error?.code == code)
    }

    @Test func wordsOfTheAuthorityDoNotBreakTheLog() async throws {
        let authority = FakeAuthority(solver: solver, clock: clock)
        var answer = ACMEAnswer(status: 400)
        answer.body = Array(
            "{\"type\":\"a:b:evil\",\"detail\":\"one\\ntwo \(String(repeating: "x", count: 5000))\"}".utf8)
        authority.fail("/order", with: answer)
        let error = await #expect(throws: CertificateError.self) {
            _ = try await client(authority).order(["one.example"])
        }
        #expect(error?.message.contains("evil: one two xxx") == true)
        #expect(error?.message.contains("\n") == false)
        #expect((error?.message.count ?? 0) < 400)
    }

    /// The thumbprint's text is fixed by RFC 7638; python's `cryptography` made this one of the same key.
    @Test func thumbprints() throws {
        let key = try ACMEKey(
            pem: """
                -----BEGIN PRIVATE KEY-----
                MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgAQEBAQEBAQEBAQEB
                AQEBAQEBAQEBAQEBAQEBAQEBAQGhRANCAARv8DuUkkHOHa3UNRnmlg4KhbQaaaBc
                MoEDqivOFZTKFjxPdTpVvwHcU/bAsMfu54tAxv99JaluIoK5ic73HBRK
                -----END PRIVATE KEY-----
                """)
        #expect(key.thumbprint == "Nrqg3-M_Xwtx-1tbtc1J7Xul2DyeC0bUSy9u_5NSG6g")
    }
}
