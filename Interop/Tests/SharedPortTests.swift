import Testing

extension RealPeers {
    /// One open port: libp2p over TCP and WebSocket, the page, the star and the delegate, plain and over TLS.
    @Suite(.timeLimit(.minutes(3)))
    struct SharedPortTests {
        @Test func everybodyComesToOnePort() async throws {
            try await Lab.open { lab in
                let certificate = try await lab.certificate(for: "localhost")
                let node = try await lab.node(http: nil, ["--share-port", "--domain", "localhost"] + certificate.flags)
                let port = try node.port()
                #expect(node.http == "http://127.0.0.1:\(port)")
                #expect(node.https == "https://127.0.0.1:\(port)")
                let suffixes = ["", "/ws", "/tls/ws"]
                #expect(node.addresses == suffixes.map { "/ip4/127.0.0.1/tcp/\(port)\($0)/p2p/\(node.id)" })
                let names = ["wss", "tls/ws"].map { "/dns4/localhost/tcp/\(port)/\($0)/p2p/\(node.id)" }
                #expect(try await lab.announced(by: node) == names + node.addresses.prefix(2))

                for address in node.addresses.prefix(2) {
                    let daemon = try await lab.daemon(bootstrap: [address])
                    let nodeID = try TestAddress.peerID(node.id)
                    try await eventually("the daemon is connected") {
                        try await daemon.peers().contains { $0.id == nodeID } ? true : nil
                    }
                    let python = try await lab.pythonPeer(
                        .init(transport: address.contains("/ws/") ? "ws" : "tcp"), ["--trust", certificate.chain])
                    _ = try await python.call("connect", ["address": .string(address)])
                    #expect(try await python.call("ping", ["peer": .string(node.id), "count": 2]).array?.count == 2)
                }
                let python = try await lab.pythonPeer(.init(transport: "ws"), ["--trust", certificate.chain])
                _ = try await python.call("connect", ["address": .string(names[0])])
                #expect(try await python.call("ping", ["peer": .string(node.id), "count": 2]).array?.count == 2)

                for url in ["http://localhost:\(port)", "https://localhost:\(port)"] {
                    for path in ["/", "/socket.io/?EIO=4&transport=polling", "/routing/v1/peers/\(node.id)"] {
                        let answer = try await lab.run(
                            "curl", "--silent", "--cacert", certificate.chain, "--output", "/dev/null", "--write-out",
                            "%{response_code} %{http_version}", url + path)
                        #expect(answer.output == ["200 \(url.hasPrefix("https") ? "2" : "1.1")"], "\(url + path)")
                    }
                }
                let session = try await lab.run(
                    "openssl", "s_client", "-connect", "localhost:\(port)", "-alpn", "http/1.1",
                    "-verify_return_error", "-CAfile", certificate.chain, "-servername", "localhost")
                #expect(session.status == 0)
                #expect(session.output.contains("ALPN protocol: http/1.1"))

                let metrics = try await HTTPAnswer.get(node.admin, "/metrics").body
                #expect(metrics.contains("waystation_shared_port_silent_connections 0\n"))
                for outcome in ["http", "tls", "libp2p"] {
                    let count = metrics.firstMatch(
                        of: try Regex("waystation_shared_port_connections_total\\{outcome=\"\(outcome)\"\\} [1-9]"))
                    #expect(count != nil, "\(outcome)")
                }
            }
        }

        @Test func aPortOfItsOwnIsOpenedWhereItIsAskedFor() async throws {
            try await Lab.open { lab in
                let node = try await lab.node(["--share-port"])
                #expect(try node.http != "http://127.0.0.1:\(node.port())")
                #expect(try await HTTPAnswer.get(node.http, "/").status == 200)
                #expect(try await HTTPAnswer.get("http://127.0.0.1:\(node.port())", "/").status == 200)
                // Without a certificate nobody speaks TLS.
                #expect(node.https == nil)
                let refused = try await lab.run("curl", "--silent", "--insecure", "https://127.0.0.1:\(node.port())/")
                #expect(refused.status == 35)
            }
        }

        @Test func aPrivateNetworkCannotShare() async throws {
            try await Lab.open { lab in
                let result = try await lab.waystation(
                    "run", "--data-dir", lab.path("data"), "--share-port", "--psk", lab.path("key"))
                #expect(result.status == 78)
                #expect(result.errors.joined().contains("--share-port cannot be used with --psk"))
            }
        }
    }
}
