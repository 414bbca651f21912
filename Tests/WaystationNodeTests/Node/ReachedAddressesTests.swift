import Multiformats
import Testing

@testable import WaystationNode

@Suite("Where a node is reached, as AutoTLS wants to know it")
struct ReachedAddressesTests {
    private func reached(
        announced: [String] = [], listening: [String] = [], reachable: [String] = [], allowsPrivate: Bool = false
    ) throws -> (dialable: [String], doors: [String]) {
        func addresses(_ texts: [String]) throws -> [Multiaddr] { try texts.map { try Multiaddr($0) } }
        let reached = ReachedAddresses(
            announced: try addresses(announced), listening: try addresses(listening + reachable),
            reachable: try addresses(reachable), allowsPrivate: allowsPrivate)
        return (reached.dialable.map(\.description), reached.doors.map { "\($0.ip) \($0.port)" })
    }

    @Test func listenersAreReachedWhereTheyAre() throws {
        let relayed = "/ip4/8.8.4.4/tcp/1/p2p/12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN/p2p-circuit"
        let (dialable, doors) = try reached(reachable: [
            "/ip4/8.8.8.1/tcp/4001", "/ip6/2001:4860::1/tcp/4001", "/ip4/8.8.8.1/tcp/8080/ws",
            "/ip4/8.8.8.1/tcp/443/tls/ws", "/ip4/8.8.8.1/udp/4001/quic-v1", relayed, "/ip4/8.8.8.1/tcp/443/tls/ws",
        ])
        #expect(
            dialable == ["/ip4/8.8.8.1/tcp/4001", "/ip6/2001:4860::1/tcp/4001", "/ip4/8.8.8.1/tcp/8080/ws"])
        // The door is not open for IPv6.
        #expect(doors == ["8.8.8.1 443"])
    }

    @Test func nothingIsReachedThatIsNotKnownToBe() throws {
        let (dialable, doors) = try reached(listening: ["/ip4/10.0.0.1/tcp/4001", "/ip4/10.0.0.1/tcp/443/tls/ws"])
        #expect(dialable.isEmpty && doors.isEmpty)
    }

    /// Behind a router that forwards ports to the node.
    @Test func theOperatorKnowsOfARouter() throws {
        let listening = ["/ip4/10.0.0.1/tcp/4001", "/ip4/10.0.0.1/tcp/8443/tls/ws"]
        let told = ["/ip4/8.8.8.1/tcp/4001", "/ip6/2001:4860::1/tcp/4001"]
        let simple = try reached(announced: told, listening: listening)
        #expect(simple.dialable == told)
        #expect(simple.doors == ["8.8.8.1 8443"])
        // With the port that it forwards.
        let exact = try reached(announced: told + ["/ip4/8.8.8.1/tcp/443/tls/ws"], listening: listening)
        #expect(exact.dialable == told)
        #expect(exact.doors == ["8.8.8.1 443"])
        // What the host believes of itself is not told then, and the broker may try it last.
        let both = try reached(
            announced: ["/ip4/8.8.8.1/tcp/4001"], reachable: ["/ip4/8.8.8.2/tcp/4001", "/ip4/8.8.8.2/tcp/443/tls/ws"])
        #expect(both.dialable == ["/ip4/8.8.8.1/tcp/4001", "/ip4/8.8.8.2/tcp/4001"])
        #expect(both.doors == ["8.8.8.1 443"])
    }

    @Test func announcedNamesAreDialledAndSayNoIP() throws {
        let name = "/dns4/relay.waystation.org/tcp/4001"
        let (dialable, doors) = try reached(
            announced: [name], reachable: ["/ip4/8.8.8.1/tcp/4001", "/ip4/8.8.8.1/tcp/443/tls/ws"])
        #expect(dialable == [name, "/ip4/8.8.8.1/tcp/4001"])
        #expect(doors == ["8.8.8.1 443"])
    }

    @Test func privateOnesCountInALab() throws {
        let announced = ["/ip4/10.0.0.1/tcp/4001"]
        let listening = ["/ip4/127.0.0.1/tcp/443/tls/ws"]
        #expect(try reached(announced: announced, listening: listening).dialable.isEmpty)
        #expect(try reached(announced: announced, listening: listening).doors.isEmpty)
        let lab = try reached(announced: announced, listening: listening, allowsPrivate: true)
        #expect(lab.dialable == announced)
        #expect(lab.doors == ["10.0.0.1 443"])
    }

    @Test func aBrokerIsGivenFew() throws {
        let all = (1...50).map { "/ip4/8.8.8.\($0)/tcp/4001" }
        #expect(try reached(reachable: all).dialable == Array(all.prefix(ReachedAddresses.maxDialable)))
    }
}
