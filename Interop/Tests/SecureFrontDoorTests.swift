import Foundation
import Testing

extension RealPeers {
    /// The front door over TLS: curl and openssl agree on versions and protocols, py-libp2p dials it, and certificates that
    /// are replaced are served without dropping a connection.
    @Suite(.timeLimit(.minutes(4)))
    struct SecureFrontDoorTests {
        @Test func curlAndOpenSSLAgree() async throws {
            try await Lab.open { lab in
                let certificate = try await lab.certificate(for: "localhost")
                let node = try await lab.node(["--https", "127.0.0.1:0"] + certificate.flags)
                let door = try #require(node.https)
                let port = try #require(door.split(separator: ":").last)
                let url = "https://localhost:\(port)"
                for version in ["2", "1.1"] {
                    let answer = try await lab.run(
                        "curl", "--silent", "--cacert", certificate.chain, "--http\(version)", "--write-out",
                        "\n%{http_version} %{response_code}", "\(url)/")
                    #expect(answer.output.last == "\(version) 200")
                    #expect(answer.output.joined().contains(node.id))
                }
                // A body that nobody wants is refused, also where the refusal comes before its end.
                let big = lab.path("big")
                try Data(count: 300_000).write(to: URL(filePath: big))
                let refused = try await lab.run(
                    "curl", "--silent", "--cacert", certificate.chain, "--data-binary", "@\(big)",
                    "--write-out", "%{http_version} %{response_code}", "\(url)/")
                #expect(refused.output == ["2 413"])
                let polling = try await lab.run(
                    "curl", "--silent", "--cacert", certificate.chain,
                    "\(url)/socket.io/?EIO=4&transport=polling")
                #expect(polling.output.first?.hasPrefix("0{\"sid\":") == true)

                let plain = try await lab.run("curl", "--silent", "http://localhost:\(port)/")
                #expect(plain.output == ["This port speaks TLS: use https:// or wss://."])
                let reverse = try await lab.run(
                    "curl", "--silent", "--insecure", node.http.replacing("http:", with: "https:"))
                #expect(reverse.status == 35)

                for (version, status) in [("-tls1_3", Int32(0)), ("-tls1_2", 0), ("-tls1_1", 1)] {
                    // OpenSSL of today offers no TLS 1.1 by itself.
                    let session = try await lab.run(
                        "openssl", "s_client", version, "-cipher", "DEFAULT:@SECLEVEL=0", "-connect",
                        "localhost:\(port)", "-alpn", "h2",
                        "-verify_return_error",
                        "-CAfile", certificate.chain, "-servername", "localhost")
                    #expect(session.status == status, "\(version)")
                    #expect(status == 0 || session.errors.joined().contains("alert protocol version"))
                }
                #expect(try await HTTPAnswer.get(node.http, "/").status == 200)
            }
        }

        /// In the older of the two forms of such addresses: py-libp2p does not dial the other one.
        @Test func pythonDialsIt() async throws {
            try await Lab.open { lab in
                let certificate = try await lab.certificate(for: "localhost")
                let node = try await lab.node(["--https", "127.0.0.1:0"] + certificate.flags)
                let port = try #require(node.https?.split(separator: ":").last)
                #expect(node.addresses.contains("/ip4/127.0.0.1/tcp/\(port)/tls/ws/p2p/\(node.id)"))
                let peer = try await lab.pythonPeer(
                    PythonPeer.Stack(transport: "ws"), ["--trust", certificate.chain])
                _ = try await peer.call(
                    "connect", ["address": .string("/dns4/localhost/tcp/\(port)/wss/p2p/\(node.id)")])
                let times = try await peer.call("ping", ["peer": .string(node.id), "count": 3])
                #expect(times.array?.count == 3)
            }
        }

        @Test func replacedCertificatesAreServedAndNothingIsDropped() async throws {
            try await Lab.open { lab in
                let first = try await lab.certificate(for: "localhost")
                let node = try await lab.node(["--https", "127.0.0.1:0"] + first.flags)
                let port = try #require(node.https?.split(separator: ":").last)
                let peer = try await lab.pythonPeer(PythonPeer.Stack(transport: "ws"), ["--trust", first.chain])
                _ = try await peer.call(
                    "connect", ["address": .string("/dns4/localhost/tcp/\(port)/wss/p2p/\(node.id)")])

                let second = try await lab.certificate(for: "localhost")
                try second.replace(first)
                try await node.hangUp(until: "were read again")
                let answer = try await lab.run(
                    "curl", "--silent", "--cacert", second.chain, "--output", "/dev/null", "--write-out",
                    "%{response_code}", "https://localhost:\(port)/")
                #expect(answer.output == ["200"])

                // What cannot be used is told, and not served.
                try Data("nonsense".utf8).write(to: URL(filePath: first.key))
                try await node.hangUp(until: "the old ones stay")
                let again = try await lab.run(
                    "curl", "--silent", "--cacert", second.chain, "--output", "/dev/null", "--write-out",
                    "%{response_code}", "https://localhost:\(port)/")
                #expect(again.output == ["200"])
                let metrics = try await HTTPAnswer.get(node.admin, "/metrics").body
                #expect(metrics.contains("waystation_certificate_failed_reloads_total{reason=\"malformed\"} 1\n"))
                #expect(metrics.contains("waystation_certificate_expiry_seconds{name=\"localhost\"}"))
                #expect(try await peer.call("ping", ["peer": .string(node.id), "count": 1]).array?.count == 1)
            }
        }

        /// The names of the configuration are told as long as a valid certificate is for them, and changes are pushed.
        @Test func namesAreAnnouncedAndWithdrawn() async throws {
            try await Lab.open { lab in
                let certificate = try await lab.certificate(for: "localhost")
                let node = try await lab.node(
                    ["--https", "127.0.0.1:0", "--domain", "LocalHost"] + certificate.flags)
                let port = try #require(node.https?.split(separator: ":").last)
                let names = ["wss", "tls/ws"].map { "/dns4/localhost/tcp/\(port)/\($0)" }
                #expect(try await lab.announced(by: node).prefix(2) == names.map { "\($0)/p2p/\(node.id)" }[...])

                try await lab.certificate(for: "localhost", seconds: 10).replace(certificate)
                try await node.hangUp(until: "announced no more")
                // By its IP address the door over TLS is listened on, but of no use to anybody.
                #expect(node.addresses.contains("/ip4/127.0.0.1/tcp/\(port)/tls/ws/p2p/\(node.id)"))
                #expect(try await !lab.announced(by: node).contains { $0.contains("/dns4/") || $0.contains("/tls/") })
                let expiry = try await lab.expirySeconds(of: "localhost", at: node)
                #expect(expiry < 0)
                let peer = try await lab.pythonPeer()
                _ = try await peer.call("connect", ["address": .string(node.address())])

                try await lab.certificate(for: "localhost").replace(certificate)
                try await node.hangUp(until: "over TLS are announced")
                #expect(
                    try await lab.announced(by: node).filter { $0.contains("/dns4/") }
                        == names.map { "\($0)/p2p/\(node.id)" })
                try await eventually("the push of the names") {
                    let known = try await peer.call("addresses", ["peer": .string(node.id)]).strings
                    return names.allSatisfy { known.contains($0) } ? true : nil
                }
                #expect(try await lab.expirySeconds(of: "localhost", at: node) > 86_400)
            }
        }

        /// A domain without a certificate is refused at the start, and does not replace one that has it.
        @Test func certificatesOfOtherHostsAreRefused() async throws {
            try await Lab.open { lab in
                let certificate = try await lab.certificate(for: "localhost")
                let flags = ["--https", "127.0.0.1:0", "--domain", "localhost"] + certificate.flags
                let other = try await lab.waystation(
                    "run", "--data-dir", lab.path("data"), "--listen", "/ip4/127.0.0.1/tcp/0", "--http", "127.0.0.1:0",
                    "--admin", "127.0.0.1:0", "--https", "127.0.0.1:0", "--domain", "other.test", "--domain",
                    "localhost", "--tls-certificate", certificate.chain, "--tls-key", certificate.key)
                #expect(other.status == 78)
                let reason = "No certificate is for other.test: \(certificate.chain) is for localhost."
                #expect(other.errors.joined().contains(reason))

                let node = try await lab.node(flags)
                let before = try await lab.announced(by: node)
                let original = CertificateOnDisk(chain: lab.path("kept.pem"), key: lab.path("kept-key.pem"))
                try certificate.replace(original)
                try await lab.certificate(for: "other.test").replace(certificate)
                try await node.hangUp(until: "the old ones stay: No certificate is for localhost")
                let metrics = try await HTTPAnswer.get(node.admin, "/metrics").body
                #expect(metrics.contains("waystation_certificate_failed_reloads_total{reason=\"wrong_host\"} 1\n"))
                #expect(metrics.contains("waystation_certificate_failed_reloads_total{reason=\"expired\"} 0\n"))
                #expect(try await lab.announced(by: node) == before)
                let url = try #require(node.https).replacing("127.0.0.1", with: "localhost")
                let answer = try await lab.run("curl", "--silent", "--fail", "--cacert", original.chain, "\(url)/")
                #expect(answer.status == 0)
            }
        }

        /// An operator who forwards port 443 to another one says so, and is believed.
        @Test func announcedNamesAreLeftToTheOperator() async throws {
            try await Lab.open { lab in
                let certificate = try await lab.certificate(for: "localhost")
                let own = "/dns4/localhost/tcp/443/wss"
                let node = try await lab.node(
                    ["--https", "127.0.0.1:0", "--domain", "localhost", "--announce", own] + certificate.flags)
                #expect(try await lab.announced(by: node) == ["\(own)/p2p/\(node.id)"])
            }
        }

        /// Python agrees on versions, ciphers and protocols, and both it and openssl resume sessions.
        @Test func sessionsAreResumed() async throws {
            try await Lab.open { lab in
                let certificate = try await lab.certificate(for: "localhost")
                let node = try await lab.node(["--https", "127.0.0.1:0"] + certificate.flags)
                let port = try #require(node.https?.split(separator: ":").last)
                let python = try await lab.start(
                    name: "sessions.py", lab.tools.python,
                    [lab.tools.pythonScript("sessions.py"), String(port), certificate.chain])
                #expect(try await python.status(within: .seconds(60)) == 0)
                let said = try await python.output.takeUntilEnd("its visits").map { try JSONValue(parsing: $0) }
                let visits = said.filter { $0["refused"] == nil }
                #expect(
                    said.compactMap { $0["refused"]?.string }
                        == Array(repeating: "TLSV1_ALERT_PROTOCOL_VERSION", count: 2))
                let protocols = visits.map { $0["protocol"]?.string ?? "none" }
                // What the node prefers; without a common protocol it goes on without, as HTTP/1.1.
                let expected = ["h2", "http/1.1", "h2", "none", "none", "http/1.1", "http/1.1"]
                #expect(protocols == expected + expected)
                #expect(visits.map { $0["resumed"] } == (0..<14).map { JSONValue.bool($0 % 7 == 6) })
                #expect(visits.prefix(7).allSatisfy { $0["version"]?.string == "TLSv1.2" })
                #expect(visits.suffix(7).allSatisfy { $0["version"]?.string == "TLSv1.3" })
                #expect(visits.allSatisfy { $0["protocol"]?.string == "h2" || $0["status"]?.string == "200" })
                for cipher in visits.prefix(7).compactMap({ $0["cipher"]?.string }) {
                    #expect(cipher.hasPrefix("ECDHE-") && (cipher.contains("GCM") || cipher.contains("CHACHA20")))
                }

                let openssl = try await lab.run(
                    "openssl", "s_client", "-tls1_2", "-reconnect", "-connect", "localhost:\(port)",
                    "-CAfile", certificate.chain, "-servername", "localhost")
                #expect(openssl.output.count { $0.hasPrefix("Reused, TLSv1.2") } == 5)
                let weak = try await lab.run(
                    "openssl", "s_client", "-tls1_2", "-cipher", "AES128-SHA:ECDHE-ECDSA-AES128-SHA",
                    "-connect", "localhost:\(port)", "-CAfile", certificate.chain)
                #expect(weak.status == 1)
            }
        }

        @Test func browsersAreToldToComeOverTLS() async throws {
            try await Lab.open { lab in
                let certificate = try await lab.certificate(for: "localhost")
                for (flags, rule) in [
                    ([], "strict-transport-security: max-age=31536000"),
                    (["--tls-strict-transport", "1h"], "strict-transport-security: max-age=3600"),
                    (["--tls-strict-transport", "0"], nil),
                ] as [([String], String?)] {
                    let node = try await lab.node(["--https", "127.0.0.1:0"] + certificate.flags + flags)
                    let port = try #require(node.https?.split(separator: ":").last)
                    for version in ["1.1", "2"] {
                        let answer = try await lab.run(
                            "curl", "--silent", "--head", "--http\(version)", "--cacert", certificate.chain,
                            "https://localhost:\(port)/")
                        let field = answer.output.first { $0.lowercased().hasPrefix("strict-transport-security") }
                        #expect(field?.lowercased().trimmingCharacters(in: .whitespacesAndNewlines) == rule)
                    }
                    #expect(try await HTTPAnswer.get(node.http, "/").fields["strict-transport-security"] == nil)
                }
            }
        }

        @Test func badCertificatesAreToldAtTheStart() async throws {
            try await Lab.open { lab in
                let one = try await lab.certificate(for: "one.example")
                let two = try await lab.certificate(for: "two.example")
                let result = try await lab.waystation(
                    "run", "--data-dir", lab.path("data"), "--listen", "/ip4/127.0.0.1/tcp/0", "--http", "127.0.0.1:0",
                    "--admin", "127.0.0.1:0", "--https", "127.0.0.1:0", "--tls-certificate", one.chain, "--tls-key",
                    two.key)
                #expect(result.status == 78)
                #expect(result.errors.joined().contains("The key is not that of the certificate for one.example"))
            }
        }
    }
}

extension Lab {
    /// What a node's metrics say of a certificate.
    fileprivate func expirySeconds(of name: String, at node: NodeProcess) async throws -> Double {
        let metrics = try await HTTPAnswer.get(node.admin, "/metrics").body
        let start = "waystation_certificate_expiry_seconds{name=\"\(name)\"} "
        let line = metrics.split(separator: "\n").first { $0.hasPrefix(start) }
        guard let value = line.flatMap({ Double($0.dropFirst(start.count)) }) else {
            throw InteropError("the metrics do not tell when the certificate for \(name) expires")
        }
        return value
    }
}
