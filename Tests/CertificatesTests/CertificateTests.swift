import LibP2PCore
import Testing

@testable import Certificates

@Suite("Certificates are read, and chosen by name")
struct CertificateTests {
    private static func credentials(_ names: String...) throws -> Credentials {
        let certificate = try TestCertificate(names: names)
        return try Credentials(chain: certificate.chain, key: certificate.key, protocols: ["h2"])
    }

    @Test(
        "a star stands for one label, the first",
        arguments: [
            ("example.org", true), ("a.b.example.org", false), ("x.wild.example.org", true),
            ("wild.example.org", false),
            ("x.y.wild.example.org", false), (".wild.example.org", false), ("", false),
        ])
    func covers(host: String, isCovered: Bool) throws {
        #expect(try Self.credentials("Example.org", "*.wild.example.org").covers(host) == isCovered)
    }

    @Test func theBestCertificateIsChosen() throws {
        let first = try Self.credentials("one.example")
        let star = try Self.credentials("*.two.example")
        let exact = try Self.credentials("a.two.example")
        let store = CertificateStore([first, star, exact])
        let now = WallClock.system.now
        #expect(store.credentials(for: nil, at: now)?.names == ["one.example"])
        #expect(store.credentials(for: "a.two.example", at: now)?.names == ["a.two.example"])
        #expect(store.credentials(for: "b.two.example", at: now)?.names == ["*.two.example"])
        #expect(store.credentials(for: "elsewhere.example", at: now)?.names == ["one.example"])
        #expect(CertificateStore().credentials(for: nil, at: now) == nil)
        // One that has expired is nobody's.
        #expect(store.credentials(for: "a.two.example", at: first.notAfter + .seconds(3600)) == nil)
    }

    @Test func aKeyOfAnotherCertificateIsRefused() throws {
        let (one, two) = (try TestCertificate(names: ["one.example"]), try TestCertificate(names: ["two.example"]))
        let error = #expect(throws: CertificateError.self) {
            try Credentials(chain: one.chain, key: two.key, protocols: [])
        }
        #expect(error?.code == .mismatch)
        #expect(error?.message.contains("one.example") == true)
    }

    @Test func whatIsNoPEMIsRefused() throws {
        let certificate = try TestCertificate(names: ["one.example"])
        for (chain, key) in [
            ("", certificate.key), ("nonsense", certificate.key), (certificate.chain, ""),
            (certificate.chain, "nonsense"),
            (certificate.key, certificate.key), (certificate.chain, certificate.chain),
            (certificate.chain.replacing("A", with: "!"), certificate.key),
        ] {
            let error = #expect(throws: CertificateError.self) {
                try Credentials(chain: chain, key: key, protocols: [])
            }
            #expect(error?.code == .malformed)
        }
    }
}
