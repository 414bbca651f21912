import Foundation
import Testing

extension RealPeers {
    /// Certificates from a real authority, Let's Encrypt's `pebble`, as openssl and the authority see them.
    @Suite(.timeLimit(.minutes(4)))
    struct ACMETests {
        /// Two names, an authority that refuses every fifth nonce, and each of the three ways of proof.
        @Test(arguments: ["tls-alpn-01", "http-01", "dns-01"])
        func certificatesComeByThemselves(challenge: String) async throws {
            try await Lab.open { lab in
                let authority = try await lab.pebble(.init(refusedNonces: 20))
                let folder = lab.path("data")
                let hook = try authority.hook()
                let names = ["one.example", "two.example"]
                let node = try await lab.node(
                    provingTo: authority, dataFolder: folder,
                    names.flatMap { ["--domain", $0] } + ["--acme-challenge", challenge]
                        + (challenge == "dns-01" ? ["--acme-dns-hook", hook] : []))
                for name in names {
                    let certificate = try await lab.trusted(name, at: authority.tlsPort, by: authority)
                    #expect(certificate.names == "DNS:\(name)")
                }
                // What the node tells others follows.
                try await eventually("the announcement") {
                    let announced = try await lab.announced(by: node)
                    return names.allSatisfy { name in
                        announced.contains("/dns4/\(name)/tcp/\(authority.tlsPort)/wss/p2p/\(node.id)")
                            && announced.contains("/dns4/\(name)/tcp/\(authority.tlsPort)/tls/ws/p2p/\(node.id)")
                    } ? true : nil
                }
                let metrics = try await HTTPAnswer.get(node.admin, "/metrics").body
                for name in names {
                    #expect(
                        metrics.contains(
                            "waystation_certificate_orders_total{name=\"\(name)\",outcome=\"obtained\"} 1\n"))
                    #expect(metrics.contains("waystation_certificate_expiry_seconds{name=\"\(name)\"} 86"))
                }
                // Keys are for the node's eyes only.
                let kept = try FileManager.default.subpathsOfDirectory(atPath: "\(folder)/certificates")
                    .filter { $0.hasSuffix(".pem") }
                #expect(kept.count == 3)
                for file in kept {
                    let attributes = try FileManager.default.attributesOfItem(atPath: "\(folder)/certificates/\(file)")
                    #expect(attributes[.posixPermissions] as? Int == 0o600)
                }
                if challenge == "dns-01" {
                    // The records are taken away again.
                    try await eventually("the end of the records") {
                        let calls = try String(contentsOfFile: hook + ".log", encoding: .utf8)
                            .split(separator: "\n").map(String.init)
                        return Set(calls)
                            == Set(
                                names.flatMap { name in
                                    ["present", "clean"].map { "\($0) _acme-challenge.\(name)" }
                                }) ? true : nil
                    }
                }
            }
        }

        /// A restart orders nothing, and neither does one without the authority; and what the authority refuses is told.
        @Test func whatWasObtainedIsKept() async throws {
            try await Lab.open { lab in
                let authority = try await lab.pebble()
                let folder = lab.path("data")
                let flags = ["--domain", "one.example"]
                var node = try await lab.node(provingTo: authority, dataFolder: folder, flags)
                let certificate = try await lab.trusted("one.example", at: authority.tlsPort, by: authority)
                #expect(try await node.stop() == 0)
                // The other name's proof is looked for where nobody is.
                try await authority.tell("add-a", ["host": "lost.example.", "addresses": ["127.0.0.9"]])
                node = try await lab.node(
                    provingTo: authority, dataFolder: folder, flags + ["--domain", "lost.example"])
                let again = try await lab.served("one.example", at: authority.tlsPort)
                #expect(again?.fingerprint == certificate.fingerprint)
                let refusal = try await node.process.errors.take("the refusal in the log") { lines in
                    lines.first { $0.contains("no certificate was obtained") }
                }
                #expect(refusal.contains("lost.example is refused by tls-alpn-01: "))
                #expect(refusal.contains("nextTry"))
                #expect(try await node.stop() == 0)
                try await authority.kill()
                node = try await lab.node(provingTo: authority, dataFolder: folder, flags)
                let alone = try await lab.served("one.example", at: authority.tlsPort)
                #expect(alone?.fingerprint == certificate.fingerprint)
            }
        }

        /// An authority that belongs to a customer's account wants to see that account's signature.
        @Test func accountsAreBoundToExternalOnes() async throws {
            try await Lab.open { lab in
                let key = "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W"
                let authority = try await lab.pebble(.init(external: ("customer-1", key)))
                let node = try await lab.node(
                    provingTo: authority,
                    ["--domain", "one.example", "--acme-eab-kid", "customer-1", "--acme-eab-hmac-key", key])
                try await lab.trusted("one.example", at: authority.tlsPort, by: authority)
                #expect(try await node.stop() == 0)
                let stranger = try await lab.node(
                    provingTo: authority,
                    ["--domain", "one.example", "--acme-eab-kid", "customer-2", "--acme-eab-hmac-key", key])
                let refusal = try await stranger.process.errors.take("the refusal in the log") { lines in
                    lines.first { $0.contains("no certificate was obtained") }
                }
                #expect(refusal.contains("The certificate authority refuses"))
            }
        }

        /// Of two nodes behind one Redis, one answers for the other's proof, and both serve what one of them ordered.
        @Test func aFleetSharesProofsAndCertificates() async throws {
            try await Lab.open { lab in
                let authority = try await lab.pebble()
                let redis = try await RedisProcess(lab, password: "secret")
                let shared = ["--star-redis", redis.url, "--acme-challenge", "http-01"]
                // Only the first is where the authority looks.
                let first = try await lab.node(provingTo: authority, ["--domain", "one.example"] + shared)
                let certificate = try await lab.trusted("one.example", at: authority.tlsPort, by: authority)
                let port = try FreePort.find()
                let second = try await lab.node(
                    ["--https", "127.0.0.1:\(port)", "--domain", "one.example", "--domain", "two.example"]
                        + authority.flags + shared)
                try await lab.trusted("two.example", at: port, by: authority)
                let same = try await eventually("the shared certificate") {
                    try await lab.served("one.example", at: port).flatMap { $0.names == "DNS:one.example" ? $0 : nil }
                }
                #expect(same.fingerprint == certificate.fingerprint)
                for node in [first, second] {
                    #expect(
                        try await HTTPAnswer.get(node.admin, "/metrics").body.contains(
                            "waystation_certificate_orders_total{name=\"one.example\",outcome=\"failed\"} 0\n"))
                }
            }
        }
    }
}
