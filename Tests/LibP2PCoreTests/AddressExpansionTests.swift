import LibP2PCore
import Multiformats
import Synchronization
import Testing

/// Answers from tables, and notes what it was asked.
private final class TableResolver: NameResolver {
    private let hosts: [String: [String]]
    private let records: [String: [String]]
    private let asked = Mutex<[String]>([])

    init(hosts: [String: [String]] = [:], records: [String: [String]] = [:]) {
        self.hosts = hosts
        self.records = records
    }

    var names: [String] { asked.withLock { $0 } }

    func addresses(of host: String, family: AddressFamily) async throws -> [IPAddress] {
        asked.withLock { $0.append(host) }
        guard let found = hosts[host] else { throw NetworkError(.unreachable, "no such host") }
        return found.compactMap { IPAddress($0) }.filter {
            switch family {
            case .ip4: $0.bitWidth == 32
            case .ip6: $0.bitWidth == 128
            case .any: true
            }
        }
    }

    func texts(at name: String) async throws -> [String] {
        asked.withLock { $0.append(name) }
        guard let found = records[name] else { throw NetworkError(.unreachable, "no such name") }
        return found
    }
}

@Suite struct AddressExpansionTests {
    private let peer = "/p2p/QmcgpsyWgH8Y8ajJz1Cu72KnS5uo2Aa2LpzU7kinSupNKC"
    private let other = "/p2p/QmdPU7PfRyKehdrP5A3WqmjyD6bhVpU1mLGKppa2FjGDjZ"

    private func expand(_ text: String, _ resolver: TableResolver) async throws -> [String] {
        try await resolver.expand(Multiaddr(text)).map(\.description)
    }

    @Test func anAddressWithoutANameIsItsOwnResult() async throws {
        let resolver = TableResolver()
        #expect(try await expand("/ip4/1.2.3.4/tcp/1", resolver) == ["/ip4/1.2.3.4/tcp/1"])
        #expect(resolver.names.isEmpty)
    }

    @Test(arguments: [
        ("/dns/h/tcp/1", ["/ip4/1.2.3.4/tcp/1", "/ip6/2001:db8::1/tcp/1"]), ("/dns4/h/tcp/1", ["/ip4/1.2.3.4/tcp/1"]),
        ("/dns6/h/tcp/1/ws", ["/ip6/2001:db8::1/tcp/1/ws"]), ("/dns4/h", ["/ip4/1.2.3.4"]),
        ("/dns4/h/tcp/443/wss", ["/ip4/1.2.3.4/tcp/443/tls/sni/h/ws"]),
        ("/dns4/h/tcp/443/tls/ws", ["/ip4/1.2.3.4/tcp/443/tls/sni/h/ws"]),
        ("/dns4/h/tcp/443/tls/sni/x/ws", ["/ip4/1.2.3.4/tcp/443/tls/sni/x/ws"]),
        ("/dns4/h/tcp/443/tls/http", ["/ip4/1.2.3.4/tcp/443/tls/http"]),
        (
            "/dns4/h/udp/1/quic-v1/p2p-circuit/ip4/9.9.9.9/wss",
            ["/ip4/1.2.3.4/udp/1/quic-v1/p2p-circuit/ip4/9.9.9.9/wss"]
        ),
    ])
    func hostsBecomeAddresses(text: String, expected: [String]) async throws {
        let resolver = TableResolver(hosts: ["h": ["1.2.3.4", "2001:db8::1"]])
        #expect(try await expand(text, resolver) == expected)
    }

    @Test func entriesCountOnlyForTheirPeer() async throws {
        let resolver = TableResolver(records: [
            "_dnsaddr.d": [
                "dnsaddr=/ip4/1.1.1.1/tcp/1" + peer, "dnsaddr=/ip4/2.2.2.2/tcp/1" + other,
                "dnsaddr=/ip4/3.3.3.3/tcp/1", "v=spf1", "dnsaddr=nonsense", "dnsaddr=", "dnsaddr=/ip5/1/tcp",
                "dnsaddr=" + peer, "dnsaddr=/ip4/1.1.1.1/tcp/1" + peer, "dnsaddr=/ip4/4.4.4.4/udp/1/quic-v1" + peer,
            ]
        ])
        #expect(
            try await expand("/dnsaddr/d" + peer, resolver)
                == ["/ip4/1.1.1.1/tcp/1" + peer, "/ip4/4.4.4.4/udp/1/quic-v1" + peer])
        #expect(
            try await expand("/dnsaddr/d", resolver)
                == [
                    "/ip4/1.1.1.1/tcp/1" + peer, "/ip4/2.2.2.2/tcp/1" + other, "/ip4/3.3.3.3/tcp/1",
                    "/ip4/4.4.4.4/udp/1/quic-v1" + peer,
                ])
    }

    @Test func namesLeadToNamesInOrder() async throws {
        let resolver = TableResolver(
            hosts: ["h": ["1.2.3.4"]],
            records: [
                "_dnsaddr.a": ["dnsaddr=/dnsaddr/b" + peer, "dnsaddr=/dns4/h/tcp/3" + peer],
                "_dnsaddr.b": ["dnsaddr=/dns4/h/tcp/1" + peer, "dnsaddr=/dns4/h/tcp/2" + peer],
            ])
        let expected = (1...3).map { "/ip4/1.2.3.4/tcp/\($0)\(peer)" }
        #expect(try await expand("/dnsaddr/a" + peer, resolver) == expected)
    }

    @Test func aCircuitIsKeptBehindTheRelay() async throws {
        let resolver = TableResolver(records: [
            "_dnsaddr.r": [
                "dnsaddr=/ip4/1.1.1.1/tcp/1" + peer, "dnsaddr=/ip4/1.1.1.1/tcp/2\(other)/p2p-circuit" + peer,
            ]
        ])
        #expect(
            try await expand("/dnsaddr/r\(peer)/p2p-circuit\(other)", resolver)
                == ["/ip4/1.1.1.1/tcp/1\(peer)/p2p-circuit\(other)"])
    }

    @Test func aLoopEnds() async throws {
        let resolver = TableResolver(records: [
            "_dnsaddr.a": ["dnsaddr=/dnsaddr/b" + peer], "_dnsaddr.b": ["dnsaddr=/dnsaddr/a" + peer],
        ])
        await #expect(throws: NetworkError(.unreachable, "")) { try await expand("/dnsaddr/a" + peer, resolver) }
        #expect(resolver.names == ["_dnsaddr.a", "_dnsaddr.b"])
    }

    @Test func aChainEndsAtItsMaximum() async throws {
        var records: [String: [String]] = [:]
        for depth in 0..<10 {
            records["_dnsaddr.d\(depth)"] = ["dnsaddr=/dnsaddr/d\(depth + 1)", "dnsaddr=/ip4/1.1.1.1/tcp/\(depth)"]
        }
        let resolver = TableResolver(records: records)
        let results = try await expand("/dnsaddr/d0", resolver)
        #expect(resolver.names.count == AddressExpansion.maxDepth)
        #expect(results.count == AddressExpansion.maxDepth)
    }

    @Test func resultsAreBounded() async throws {
        let resolver = TableResolver(
            hosts: ["h": (0..<255).map { "1.2.3.\($0)" }],
            records: ["_dnsaddr.d": (1...1000).map { "dnsaddr=/dns4/h/tcp/\($0)" }])
        let results = try await expand("/dnsaddr/d", resolver)
        #expect(results.count == AddressExpansion.maxResults)
        #expect(resolver.names.count == 2)
    }

    @Test func questionsAreBounded() async throws {
        let resolver = TableResolver(records: ["_dnsaddr.d": (1...100).map { "dnsaddr=/dns4/h\($0)/tcp/1" }])
        await #expect(throws: NetworkError(.unreachable, "")) { try await expand("/dnsaddr/d", resolver) }
        #expect(resolver.names.count == AddressExpansion.maxQuestions)
    }

    @Test func oneFailureDoesNotSpoilTheRest() async throws {
        let resolver = TableResolver(records: [
            "_dnsaddr.d": ["dnsaddr=/dns4/missing/tcp/1", "dnsaddr=/ip4/1.1.1.1/tcp/1"]
        ])
        #expect(try await expand("/dnsaddr/d", resolver) == ["/ip4/1.1.1.1/tcp/1"])
    }

    @Test func answersOfTheWrongKindCountAsNone() throws {
        var expansion = AddressExpansion(try Multiaddr("/dns4/h/tcp/1"))
        #expect(expansion.question == .addresses(of: "h", .ip4))
        expansion.answer(.texts(["dnsaddr=/ip4/1.1.1.1/tcp/1"]))
        #expect(expansion.question == nil && expansion.results.isEmpty)
        expansion.answer(nil)
        #expect(expansion.results.isEmpty)
    }

    @Test func resultsThatWouldBeTooLongAreDropped() async throws {
        let path = "/http-path/" + String(repeating: "a", count: Multiaddr.maxLength - 20)
        let resolver = TableResolver(hosts: ["h": ["2001:db8::1"]])
        await #expect(throws: NetworkError(.unreachable, "")) { try await expand("/dns6/h/tcp/1" + path, resolver) }
    }
}
