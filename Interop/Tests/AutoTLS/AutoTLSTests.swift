import Foundation
import Testing

extension RealPeers {
    /// A node without a domain gets a name, a certificate and clients: by a broker that does what the public one does, and a
    /// real authority.
    @Suite(.timeLimit(.minutes(4)))
    struct AutoTLSTests {
        @Test func aNodeWithoutADomainIsReachedOverTLS() async throws {
            try await Lab.open { lab in
                let authority = try await lab.pebble()
                let broker = try await lab.broker(for: authority)
                try await broker.play("hold")
                let folder = lab.path("data")
                let flags = ["--https", "127.0.0.1:0"] + broker.flags + authority.resolvingFlags
                var node = try await lab.node(dataFolder: folder, flags)
                #expect(try await !lab.announced(by: node).contains { $0.contains("/tls/") || $0.contains("/dns4/") })

                // Who is connected is told as soon as the certificate is there.
                let witness = try await lab.pythonPeer()
                _ = try await witness.call("connect", ["address": .string(node.address())])
                try await broker.proceed()
                var name = try await node.nameByAutoTLS()
                #expect(try await lab.announced(by: node).prefix(3) == name.addresses(of: node)[...])
                try await eventually("the push of the names") {
                    let known = try await witness.call("addresses", ["peer": .string(node.id)]).strings
                    return name.addresses.allSatisfy { known.contains($0) } ? true : nil
                }

                let requests = try await broker.requests()
                #expect(requests.map { $0["flow"]?.string } == ["challenged", "client initiated"])
                // The first one only knocks; the cookie that it brought leads the second to the same server.
                #expect(requests[0]["bytes"] == 0 && requests[0]["cookie"] == .null)
                #expect(requests[1]["cookie"]?.string?.hasPrefix("affinity=") == true)
                #expect(requests.allSatisfy { $0["agent"]?.string?.hasPrefix("waystation/") == true })
                #expect(requests[1]["peer"]?.string == node.id)
                #expect(requests[1]["domain"]?.string == name.domain)
                #expect(requests[1]["addresses"]?.strings.contains { $0.contains("/tls") } == false)
                #expect(try requests[1]["dialled"]?.string == "/ip4/127.0.0.1/tcp/\(node.port())")

                try await lab.dial(name, at: node, by: authority)
                let root = try await authority.root()
                let first = try #require(try await lab.served(name.host, at: name.port, roots: root))

                // The next run has it from the start, and asks nobody.
                #expect(try await node.stop() == 0)
                try await authority.kill()
                node = try await lab.node(dataFolder: folder, flags)
                name.port = try node.securePort()
                #expect(try await lab.announced(by: node).prefix(3) == name.addresses(of: node)[...])
                #expect(try await lab.served(name.host, at: name.port, roots: root) == first)
                #expect(try await broker.requests().isEmpty)
            }
        }

        /// The address to listen on is p2p-forge's; the broker speaks TLS, wants a token, and does not let itself be
        /// challenged first.
        @Test func onePortIsEnough() async throws {
            try await Lab.open { lab in
                let authority = try await lab.pebble()
                let certificate = try await lab.certificate(for: "localhost")
                let broker = try await lab.broker(for: authority, domain: "forge.example", certificate: certificate)
                try await broker.play("wait", ["token": "open-sesame"])
                let roots = try lab.joined(try #require(authority.flags.last), certificate.chain)
                let port = try FreePort.find()
                let node = try await lab.node(
                    port: Int(port), http: nil,
                    [
                        "--share-port", "--listen", "/ip4/127.0.0.1/tcp/\(port)/tls/sni/*.forge.example/ws",
                        "--auto-tls-broker", broker.url, "--auto-tls-domain", "forge.example", "--auto-tls-token",
                        "open-sesame", "--acme-directory", authority.directory, "--acme-ca", roots, "--dns-server",
                        authority.nameServer,
                    ])
                let name = try await node.nameByAutoTLS()
                #expect(name.port == port)
                #expect(name.domain.hasSuffix(".forge.example"))
                #expect(
                    try await lab.announced(by: node)
                        == name.addresses(of: node)
                        + ["", "/ws"].map { "/ip4/127.0.0.1/tcp/\(port)\($0)/p2p/\(node.id)" })
                #expect(
                    try await broker.requests().map { $0["flow"]?.string } == ["challenged", "server initiated"])
                try await lab.dial(name, at: node, by: authority)
            }
        }

        /// A certificate of half a minute is renewed in time. When the authority is gone, what is over is told no more.
        @Test func namesAreWithdrawnWithTheirCertificate() async throws {
            try await Lab.open { lab in
                let authority = try await lab.pebble(.init(validity: 30))
                let broker = try await lab.broker(for: authority)
                let node = try await lab.node(
                    ["--https", "127.0.0.1:0"] + broker.flags + authority.resolvingFlags)
                let name = try await node.nameByAutoTLS()
                let root = try await authority.root()
                let first = try #require(try await lab.served(name.host, at: name.port, roots: root))
                _ = try await node.process.errors.take("the renewal in the log", within: .seconds(90)) { lines in
                    lines.count { $0.contains("a certificate was obtained") } > 1 ? true : nil
                }
                let second = try #require(try await lab.served(name.host, at: name.port, roots: root))
                #expect(second.isTrusted && second.fingerprint != first.fingerprint)
                try await authority.kill()
                _ = try await node.process.errors.take("the withdrawal in the log", within: .seconds(90)) { lines in
                    lines.first { $0.contains("announced no more: no valid certificate is for them") }
                }
                let left = try await lab.announced(by: node)
                #expect(!left.isEmpty && !left.contains { $0.contains("/dns4/") || $0.contains("/tls/") })
            }
        }
    }
}
