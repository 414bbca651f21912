import LibP2PIdentity
import LibP2PTesting
import Multiformats
import Testing

@testable import Certificates

/// Tests/Vectors/autotls-acme.json.
private struct AutoTLSVectors: Decodable {
    struct HostName: Decodable {
        let ip: String
        let name: String
    }
    struct Escape: Decodable {
        let ip: String
        let label: String
    }
    struct Parse: Decodable {
        let label: String
        let valid: Bool
        let ip: String?
    }
    struct Forms: Decodable {
        let short: String
        let long: String
    }
    let peer_id: String
    let wildcard: String
    let txt_name: String
    let host_names: [HostName]
    let multiaddr_forms: Forms
    let ipv6_escape: [Escape]
    let label_parse: [Parse]

    static func load() throws -> AutoTLSVectors { try TestVectors.load("autotls-acme") }
}

@Suite("Names under the broker's domain")
struct AutoTLSNameTests {
    @Test func namesOfAPeer() throws {
        let vectors = try AutoTLSVectors.load()
        let name = AutoTLSName(of: try PeerID(vectors.peer_id))
        #expect(name.wildcard == vectors.wildcard)
        #expect(name.challengeName == vectors.txt_name)
        for host in vectors.host_names {
            #expect(name.host(for: try #require(IPAddress(host.ip))) == host.name)
        }
    }

    @Test func addressesOfAPeer() throws {
        let vectors = try AutoTLSVectors.load()
        let name = AutoTLSName(of: try PeerID(vectors.peer_id))
        let told = name.addresses(at: try #require(IPAddress("142.93.194.175")), port: 49309).map(\.description)
        #expect(told.count == 3)
        #expect(told.contains(vectors.multiaddr_forms.short))
        #expect(told.contains(vectors.multiaddr_forms.long))
        #expect(told.first?.hasSuffix("/tcp/49309/wss") == true)
        let six = name.addresses(at: try #require(IPAddress("2001:db8::1")), port: 443).map(\.description)
        #expect(six.contains("/ip6/2001:db8::1/tcp/443/tls/sni/2001-db8--1.\(name.domain)/ws"))
        #expect(six.contains("/dns6/2001-db8--1.\(name.domain)/tcp/443/tls/ws"))
        // An IPv4 address in the clothes of IPv6 is told as what it is.
        #expect(
            name.addresses(at: try #require(IPAddress("::ffff:192.0.2.1")), port: 443)
                == name.addresses(at: try #require(IPAddress("192.0.2.1")), port: 443))
    }

    @Test func labelsOfAddresses() throws {
        let vectors = try AutoTLSVectors.load()
        for escape in vectors.ipv6_escape {
            #expect(AutoTLSName.label(of: try #require(IPAddress(escape.ip))) == escape.label)
        }
        // What name servers read of a label is the address that it was made from.
        for parse in vectors.label_parse where parse.valid {
            let ip = try #require(parse.ip.flatMap { IPAddress($0) })
            let label = AutoTLSName.label(of: ip)
            #expect(vectors.label_parse.contains { $0.label == label && $0.ip == parse.ip } || ip.bitWidth == 128)
        }
    }

    @Test(arguments: KeyType.allCases)
    func idsOfAllKeysFitALabel(type: KeyType) throws {
        let name = AutoTLSName(of: try PrivateKey.generate(type).peerID, under: "example.org")
        #expect(name.domain.hasSuffix(".example.org"))
        #expect(name.domain.split(separator: ".").allSatisfy { $0.utf8.count <= 63 })
    }
}
