import LibP2PCore
import LibP2PIdentity
import Multiformats
import Testing

@testable import Certificates

@Suite("Names are told as long as certificates are for them")
struct CertifiedAddressesTests {
    private static func credentials(_ names: [String], ips: [[UInt8]] = []) throws -> Credentials {
        let certificate = try TestCertificate(names: names, ips: ips)
        return try Credentials(chain: certificate.chain, key: certificate.key, protocols: ["h2"])
    }

    private static func apply(
        _ names: [String], _ credentials: [Credentials], ports: [UInt16] = [443], at time: Timestamp
    ) -> CertifiedAddresses {
        CertifiedAddresses(names: names, ports: ports, credentials: credentials, at: time)
    }

    @Test func bothFormsAreToldForNamesWithCertificates() throws {
        let one = try Self.credentials(["one.example"], ips: [[8, 8, 8, 1], [1, 2, 3]])
        let star = try Self.credentials(["*.two.example"])
        let now = one.notBefore + .seconds(60)
        let told = Self.apply(
            ["one.example", "a.two.example", "two.example"], [one, star], ports: [443, 4001], at: now)
        let texts = ["one", "a.two"].flatMap { name in
            [443, 4001].flatMap { port in ["wss", "tls/ws"].map { "/dns4/\(name).example/tcp/\(port)/\($0)" } }
        }
        #expect(told.addresses.map(\.description) == texts)
        #expect(told.ips == [try #require(IPAddress("8.8.8.1"))])
        #expect(Self.apply(["one.example"], [one], ports: [], at: now).addresses.isEmpty)
        #expect(Self.apply([], [one], at: now).addresses.isEmpty)
        #expect(Self.apply(["one.example"], [], at: now) == Self.apply([], [], at: now))
    }

    @Test func whatIsNotValidIsNotTold() throws {
        let one = try Self.credentials(["one.example"], ips: [[8, 8, 8, 1]])
        func at(_ time: Timestamp) -> CertifiedAddresses { Self.apply(["one.example"], [one], at: time) }
        let early = at(one.notBefore - .seconds(1))
        #expect(early.addresses.isEmpty && early.ips.isEmpty)
        #expect(early.nextChange == one.notBefore)
        let last = at(one.notAfter)
        #expect(last.addresses.count == 2)
        let over = try #require(last.nextChange)
        #expect(at(over).addresses.isEmpty && at(over).ips.isEmpty)
        #expect(at(over).nextChange == nil)
    }

    @Test func aNewCertificateIsNoticed() throws {
        let store = CertificateStore()
        let (one, two) = (try Self.credentials(["one.example"]), try Self.credentials(["two.example"]))
        let seen = Seen()
        store.onChange { [weak store] in seen.names.append(store?.credentials.first?.names.first ?? "") }
        store.replace(with: [one])
        store.replace(with: [two])
        #expect(seen.names == ["one.example", "two.example"])
    }

    // SAFETY: the store calls its observers where it is changed, and that is this test's thread.
    private final class Seen: @unchecked Sendable { var names: [String] = [] }

    @Test func namesOfTheBrokerAreToldWhereTheDoorIs() throws {
        let name = AutoTLSName(of: try PrivateKey.generate().peerID, under: "example.org")
        let certificate = try Self.credentials([name.wildcard])
        let places: [(ip: IPAddress, port: UInt16)] = [
            (try #require(IPAddress("8.8.8.1")), 443), (try #require(IPAddress("2001:db8::1")), 8443),
        ]
        let told = CertifiedAddresses(
            names: [], ports: [443, 8443], own: (name, places), credentials: [certificate],
            at: certificate.notBefore + .seconds(60))
        #expect(told.addresses == places.flatMap { name.addresses(at: $0.ip, port: $0.port) })
        // Without the certificate, or with another peer's, none of them is.
        for others in [[], [try Self.credentials(["*.example.org"])]] {
            let none = CertifiedAddresses(
                names: [], ports: [443], own: (name, places), credentials: others,
                at: certificate.notBefore + .seconds(60))
            #expect(none.addresses.isEmpty)
        }
    }
}
