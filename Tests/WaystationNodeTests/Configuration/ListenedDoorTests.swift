import Multiformats
import Testing

@testable import WaystationNode

@Suite("A front door over TLS among the addresses to listen on")
struct ListenedDoorTests {
    private static let tcp = "/ip4/0.0.0.0/tcp/4001"
    private static let auto = "/ip4/0.0.0.0/tcp/443/tls/sni/*.libp2p.direct/ws"

    @Test("as p2p-forge writes it, it is AutoTLS")
    func autoTLS() throws {
        let configuration = try resolve(["--listen", Self.tcp, "--listen", Self.auto])
        #expect(configuration.listen.map(\.description) == [Self.tcp])
        #expect(configuration.tls.door == HostAndPort("0.0.0.0:443"))
        #expect(configuration.autoTLS == AutoTLSConfiguration())
        let other = try resolve(
            ["--listen", "/ip6/::/tcp/8443/tls/sni/*.Example.org/ws", "--auto-tls-domain", "example.org"])
        #expect(other.listen.isEmpty)
        #expect(other.tls.door == HostAndPort("[::]:8443"))
        #expect(other.autoTLS?.domain == "example.org")
    }

    @Test("without a name it says where, and not from whom the certificate comes", arguments: ["tls/ws", "wss"])
    func withoutName(form: String) throws {
        let listen = ["--listen", "/ip4/127.0.0.1/tcp/0/\(form)"]
        let configuration = try resolve(listen + ["--domain", "relay.example.org"])
        #expect(configuration.tls.door == HostAndPort("127.0.0.1:0"))
        #expect(configuration.autoTLS == nil)
        #expect(configuration.tls.domains == ["relay.example.org"])
        #expect(try resolve(listen + ["--auto-tls", "--https", "127.0.0.1:0"]).autoTLS != nil)
    }

    @Test("on libp2p's own port it is that port, if it is shared")
    func shared() throws {
        let door = "/ip4/0.0.0.0/tcp/4001/tls/sni/*.libp2p.direct/ws"
        let configuration = try resolve(["--listen", Self.tcp, "--listen", door, "--share-port"])
        #expect(configuration.tls.door == nil)
        #expect(configuration.autoTLS != nil)
        #expect(throws: NodeError(.configuration, "")) { try resolve(["--listen", Self.tcp, "--listen", door]) }
        // Of another port it has one of its own.
        let own = try resolve(["--listen", Self.tcp, "--listen", Self.auto, "--share-port"])
        #expect(own.tls.door == HostAndPort("0.0.0.0:443"))
    }

    @Test(
        "what cannot be had is an error that says what can",
        arguments: [
            (["/ip4/0.0.0.0/tcp/443/tls/ws"], [], "needs a certificate"),
            (["/ip4/0.0.0.0/tcp/443/tls/sni/*.example.org/ws"], [], "/tls/sni/*.libp2p.direct/ws"),
            (["/ip4/0.0.0.0/tcp/443/tls/sni/relay.example.org/ws"], [], "--domain"),
            ([auto, "/ip6/::/tcp/443/tls/sni/*.libp2p.direct/ws"], [], "2 addresses over TLS"),
            ([auto], ["--https", "0.0.0.0:8443"], "give one of them"),
            ([auto], ["--auto-tls=false"], "--auto-tls false"),
            (["/ip4/0.0.0.0/tcp/443/tls"], ["--auto-tls"], "no address over TLS that can be listened on"),
            (["/dns4/example.org/tcp/443/wss"], ["--auto-tls"], "no address over TLS that can be listened on"),
            (["/ip4/0.0.0.0/tcp/443/tls/sni/*.libp2p.direct/http"], [], "no address over TLS that can be listened on"),
        ])
    func errors(listen: [String], flags: [String], hint: String) {
        let error = #expect(throws: NodeError.self) { try resolve(listen.flatMap { ["--listen", $0] } + flags) }
        #expect(error?.code == .configuration)
        #expect(error?.message.contains(hint) == true, "\(error?.message ?? "")")
    }
}
