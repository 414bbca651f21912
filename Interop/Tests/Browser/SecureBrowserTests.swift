import LibP2PIdentity
import Multiformats
import Testing

extension RealPeers {
    /// Chromium, which trusts a test's certificate authority, at our front door over TLS.
    @Suite(.timeLimit(.minutes(4)))
    struct SecureBrowserTests {
        private struct Door {
            let node: NodeProcess
            let browser: Browser
            /// What a page dials, without a path.
            let host: String
        }

        /// A node and a browser, whose pages come over TLS too, as those do that may dial `wss` only.
        private func door(_ lab: Lab, _ flags: [String] = []) async throws -> Door {
            let authority = try await lab.authority()
            let certificate = try await lab.certificate(for: "localhost", by: authority)
            let node = try await lab.node(
                ["--https", "127.0.0.1:0", "--domain", "localhost"] + certificate.flags + flags)
            let port = try #require(node.https?.split(separator: ":").last)
            let browser = try await lab.browser(
                trusting: authority, pages: try await lab.certificate(for: "localhost", by: authority))
            return Door(node: node, browser: browser, host: "localhost:\(port)")
        }

        /// As browsers' libp2p begins, at any path, from a page that came over TLS.
        @Test func noiseBeginsOverASecureWebSocket() async throws {
            try await Lab.open { lab in
                let door = try await door(lab)
                let page = try await door.browser.open(door.browser.pages + "/noise.html")
                var keys: Set<[UInt8]> = []
                for path in ["/", "", "/any/path?and=query"] {
                    let begun = try await page.evaluate("beginNoise(\"wss://\(door.host)\(path)\")")
                    #expect(begun["lines"]?.strings == ["/multistream/1.0.0", "/noise"])
                    // Ephemeral key, sealed static key, and a sealed payload with the node's key and its signature.
                    let answer = Self.bytes(begun["answer"])
                    #expect((32 + 48 + 16 + 100..<1000).contains(answer.count))
                    let staticKey = try NoiseAnswer.staticKey(
                        in: answer, ephemeral: Self.bytes(begun["ephemeral"]), secret: Self.bytes(begun["secret"]))
                    #expect(staticKey.count == 32)
                    keys.insert(Array(answer.prefix(32)))
                }
                #expect(keys.count == 3, "each handshake has an ephemeral key of its own")
                #expect(try await page.noticed().complaints == [])
            }
        }

        @Test func thePageIsWithoutComplaints() async throws {
            try await Lab.open { lab in
                let door = try await door(lab)
                let url = "https://\(door.host)/"
                let page = try await door.browser.open(url)
                let text = try await page.evaluate("document.body.innerText").string ?? ""
                #expect(text.contains(door.node.id))
                #expect(text.contains("/dns4/localhost/tcp/\(door.host.split(separator: ":")[1])/wss/p2p-webrtc-star"))
                #expect(try await page.evaluate("isSecureContext") == .bool(true))
                let (requests, complaints) = try await page.noticed()
                #expect(requests == [url])
                #expect(complaints.isEmpty, "\(complaints)")
                #expect(
                    try await page.exchanges(with: url)
                        == [BrowserExchange(method: "GET", status: 200, protocolName: "h2")])
            }
        }

        /// Without it nothing of the above says anything.
        @Test func whoDoesNotTrustTheAuthorityIsStopped() async throws {
            try await Lab.open { lab in
                let door = try await door(lab)
                let stranger = try await lab.browser()
                do {
                    _ = try await stranger.open("https://\(door.host)/")
                    Issue.record("a certificate of nobody was believed")
                } catch {
                    #expect("\(error)".contains("ERR_CERT_AUTHORITY_INVALID"))
                }
            }
        }

        @Test func aDelegatesAnswerComesOverHTTP2() async throws {
            try await Lab.open { lab in
                let door = try await door(lab)
                let daemon = try await lab.daemon(bootstrap: [try door.node.address()])
                let id = try PeerID(bytes: daemon.idBytes).description
                let path = "/routing/v1/peers/\(id)"
                try await eventually("the daemon is found") {
                    try await HTTPAnswer.get(door.node.http, path).body.contains(id) ? true : nil
                }
                // The answer itself, as a page: the front door's own may load nothing.
                let page = try await door.browser.open("https://\(door.host)\(path)")
                let answer = try await page.evaluate(
                    """
                    (async () => {
                        const response = await fetch("\(path)");
                        const body = await response.json();
                        const old = await fetch("/api/v0/dht/findpeer?arg=\(id)", { method: "POST" });
                        const event = await old.json();
                        return {
                            status: response.status, id: body.Peers[0].ID, type: event.Type,
                            opened: JSON.parse(document.body.innerText).Peers[0].ID,
                            protocols: performance.getEntries().map((entry) => entry.nextHopProtocol ?? "")
                                .filter((name) => name),
                            transport: response.headers.get("strict-transport-security"),
                        };
                    })()
                    """)
                #expect(answer["status"] == 200)
                #expect(answer["opened"]?.string == id && answer["id"]?.string == id)
                #expect(answer["type"] == 2)
                // The page, what it asked for, and the browser's search for an icon.
                let protocols = answer["protocols"]?.strings ?? []
                #expect(protocols.count >= 3 && protocols.allSatisfy { $0 == "h2" })
                #expect(answer["transport"] == "max-age=31536000")

                // From another origin too, where the network's own view tells the protocol.
                let elsewhere = try await door.browser.open(door.browser.pages + "/delegate.html")
                let found = try await elsewhere.evaluate(
                    """
                    (reading = read("https://\(door.host)\(path)", { headers: { Accept: "application/x-ndjson" } }), 0)
                    """)
                #expect(found == 0)
                try await eventually("the lines") {
                    try await elsewhere.evaluate("reading.isOver && reading.lines[0].ID === \"\(id)\"") == .bool(true)
                        ? true : nil
                }
                #expect(
                    try await elsewhere.exchanges(with: path)
                        == [BrowserExchange(method: "GET", status: 200, protocolName: "h2")])
            }
        }

        private static func bytes(_ value: JSONValue?) -> [UInt8] {
            value?.array?.compactMap(\.double).map { UInt8($0) } ?? []
        }
    }
}
