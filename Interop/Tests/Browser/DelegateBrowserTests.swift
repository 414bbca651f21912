import Foundation
import LibP2PIdentity
import Multiformats
import Testing

extension RealPeers {
    /// Chromium at our delegate, from a page of another origin, which only gets what CORS lets it have.
    @Suite(.timeLimit(.minutes(4)))
    struct DelegateBrowserTests {
        /// A network of a delegate and go-libp2p's daemon that provides some content.
        private struct Network {
            let node: NodeProcess
            let page: BrowserPage
            let provider: String
            let contents: [CID]

            /// The URL of something of the delegate, as a page writes it.
            func url(_ path: String) -> String { "\"\(node.http)\(path)\"" }

            /// What went over the network to some path, without preflights.
            func preflights(_ path: String) async throws -> [BrowserExchange] {
                try await page.exchanges(with: path).filter { $0.method == "OPTIONS" }
            }
        }

        private func network(_ lab: Lab, contents: Int = 1, _ flags: [String] = []) async throws -> Network {
            let browser = try await lab.browser()
            let page = try await browser.open(browser.pages + "/delegate.html")
            let node = try await lab.node(flags)
            let daemon = try await lab.daemon(bootstrap: [try node.address()])
            try await eventually("the daemon comes into the routing table") {
                try await HTTPAnswer.get(node.admin, "/metrics").body
                    .contains("waystation_dht_peers{protocol=\"/ipfs/kad/1.0.0\"} 1\n") ? true : nil
            }
            let cids = (0..<contents).map { CID(codec: .raw, multihash: .sha256(of: Array("a page's \($0)".utf8))) }
            for cid in cids { try await daemon.provide(cid.bytes) }
            let provider = try PeerID(bytes: daemon.idBytes).description
            return Network(node: node, page: page, provider: provider, contents: cids)
        }

        @Test func bothAPIsAnswerAPageOfAnotherOrigin() async throws {
            try await Lab.open { lab in
                let network = try await network(lab)
                let (page, cid) = (network.page, network.contents[0])
                let found = try await page.evaluate("ask(\(network.url("/routing/v1/providers/\(cid)")))")
                #expect(found["status"] == 200 && found["type"] == "application/json")
                let records = try JSONValue(parsing: found["text"]?.string ?? "")["Providers"]?.array ?? []
                #expect(records.map { $0["ID"]?.string } == [network.provider])

                // As ipfs-http-client in a browser asks, which needs no preflight.
                let old = try await page.evaluate(
                    "ask(\(network.url("/api/v0/dht/findpeer?timeout=30000ms&arg=\(network.provider)")), {method: 'POST'})"
                )
                #expect(old["status"] == 200)
                let event = try JSONValue(parsing: old["text"]?.string ?? "")
                #expect(event["Type"] == 2 && event["Responses"]?.array?.first?["ID"]?.string == network.provider)
                #expect(try await network.preflights("/").isEmpty)

                // A type of content that no form has, and a header that browsers ask leave for.
                let asked = try await page.evaluate(
                    """
                    ask(\(network.url("/api/v0/dht/findprovs?arg=\(cid)")), {
                        method: "POST", body: "{}",
                        headers: { "Content-Type": "application/json", "Authorization": "Bearer of nothing" }
                    })
                    """)
                #expect(asked["status"] == 200 && asked["chunked"] == "1")
                #expect(asked["text"]?.string?.contains(network.provider) == true)
                #expect(
                    try await network.preflights("/api/v0/dht/findprovs").map(\.status) == [204])

                // What is wrong can be read as well.
                let bad = try await page.evaluate("ask(\(network.url("/routing/v1/providers/nonsense")))")
                #expect(bad["status"] == 422)
                let old422 = try await page.evaluate(
                    "ask(\(network.url("/api/v0/dht/findprovs?arg=nonsense")), {method: 'POST'})")
                #expect(old422["status"] == 400 && old422["text"]?.string?.contains("\"Code\":1") == true)
            }
        }

        @Test func aPagePublishesAName() async throws {
            let vectors = try NameRecord.vectors()
            let record = try #require(vectors.first { $0.isValid })
            let forged = try #require(vectors.first { !$0.isValid })
            try await Lab.open { lab in
                let network = try await network(lab, ["--delegate-token", "a-long-secret"])
                let page = network.page
                func put(_ record: NameRecord, _ headers: String) async throws -> JSONValue {
                    try await page.evaluate(
                        """
                        ask(\(network.url("/routing/v1/ipns/\(record.name)")), {
                            method: "PUT", body: bytes("\(record.base64)"),
                            headers: { "Content-Type": "application/vnd.ipfs.ipns-record", \(headers) }
                        })
                        """)
                }
                let token = "\"Authorization\": \"Bearer a-long-secret\""
                #expect(try await put(record, "")["status"] == 403)
                #expect(try await put(record, token)["status"] == 200)
                #expect(try await put(forged, token)["status"] == 400)
                let preflights = try await network.preflights("/routing/v1/ipns/")
                #expect(!preflights.isEmpty && preflights.allSatisfy { $0.status == 204 })
                let got = try await page.evaluate("askForBytes(\(network.url("/routing/v1/ipns/\(record.name)")))")
                #expect(got["status"] == 200 && got["type"] == "application/vnd.ipfs.ipns-record")
                #expect(got["base64"]?.string == record.base64)

                // As ipfs-http-client does it, by a form.
                let form = """
                    (() => {
                        const form = new FormData();
                        form.append("file", new Blob([bytes("\(record.base64)")]));
                        return ask(\(network.url("/api/v0/routing/put?arg=/ipns/\(record.name)")), {
                            method: "POST", body: form, headers: { \(token) }
                        });
                    })()
                    """
                let event = try await page.evaluate(form)
                #expect(event["status"] == 200)
                #expect(event["text"]?.string?.contains("\"Type\":5") == true)
            }
        }

        /// Another delegate holds its last record back: until it is let go the streams are open, with all before it read.
        @Test func streamsAreReadLineByLine() async throws {
            try await Lab.open { lab in
                let upstream = try await lab.upstream()
                let network = try await network(
                    lab, contents: 2, ["--delegate-upstream", upstream.url, "--delegate-upstream-timeout", "30s"])
                let others = try (1...2).map { try PeerID(bytes: Multihash.sha256(of: [$0]).bytes).description }
                let records = others.map { id in
                    JSONValue.object([
                        "Schema": "peer", "ID": .string(id), "Addrs": .array(["/ip4/192.0.2.1/tcp/1"]),
                        "Protocols": .array([]),
                    ])
                }
                let page = network.page
                for (stream, cid) in zip(["new", "old"], network.contents) {
                    try await upstream.play("lines", ["records": .array(records)])
                    try await page.evaluate(
                        stream == "new"
                            ? """
                            (reading = read(\(network.url("/routing/v1/providers/\(cid)")),
                                { headers: { Accept: "application/x-ndjson" } }), 0)
                            """
                            : "(reading = read(\(network.url("/api/v0/dht/findprovs?arg=\(cid)")), { method: 'POST' }), 0)"
                    )
                    let ids = "reading.lines.map((line) => line.Schema ? line.ID : line.Responses[0].ID)"
                    let first = try await eventually("the first lines") {
                        let seen = try await page.evaluate("[reading.isOver, \(ids), reading.error]")
                        try #require(seen.array?[2] == .null)
                        return seen.array?[1].strings.count == 2 ? seen : nil
                    }
                    #expect(first.array?[0] == .bool(false))
                    #expect(Set(first.array?[1].strings ?? []) == [network.provider, others[0]])
                    try await upstream.proceed()
                    try await eventually("the end of the stream") {
                        try await page.evaluate("reading.isOver") == .bool(true) ? true : nil
                    }
                    let all = try await page.evaluate(ids).strings
                    #expect(all.last == others[1] && all.count == 3)
                }
            }
        }

        /// The rest of kubo's commands, with what they would do harm by.
        @Test func nothingElseOfTheRPCExists() async throws {
            try await Lab.open { lab in
                let browser = try await lab.browser()
                let page = try await browser.open(browser.pages + "/delegate.html")
                let node = try await lab.node()
                for command in [
                    "add", "cat?arg=a", "get?arg=a", "pin/add?arg=a", "pin/ls", "files/ls", "files/rm?arg=/",
                    "key/list",
                    "key/export?arg=self", "key/gen?arg=a", "name/publish?arg=a", "config?arg=Identity.PrivKey",
                    "config/show", "shutdown", "repo/gc", "block/put", "block/rm?arg=a", "dag/put", "dag/get?arg=a",
                    "swarm/disconnect?arg=a", "swarm/filters/add?arg=a", "bootstrap/rm/all", "log/tail", "p2p/ls",
                    "pubsub/pub?arg=a", "commands", "diag/profile", "dht", "dht/findprovs/more", "refs/local", "",
                ] {
                    let answer = try await page.evaluate(
                        "ask(\"\(node.http)/api/v0/\(command)\", { method: 'POST' })")
                    #expect(answer["status"] == 404, "\(command)")
                    #expect(answer["text"] == "404 page not found\n", "\(command)")
                }
                // Nor does a preflight say that they do.
                let asked = try await page.evaluate(
                    """
                    ask("\(node.http)/api/v0/config/replace", {
                        method: "POST", body: "{}", headers: { "Content-Type": "application/json" }
                    })
                    """)
                #expect(asked == "TypeError: Failed to fetch")
                let exchanges = try await page.exchanges(with: "config/replace")
                #expect(exchanges.first { $0.method == "OPTIONS" }?.status == 404)
                #expect(exchanges.allSatisfy { $0.method == "OPTIONS" || $0.status == nil })
                // And nothing is done by what is merely opened, such as an image in a page.
                for method in ["GET", "PUT", "DELETE"] {
                    let answer = try await page.evaluate(
                        "ask(\"\(node.http)/api/v0/version\", { method: \"\(method)\" })")
                    #expect(answer == "TypeError: Failed to fetch" || answer["status"] == 405, "\(method)")
                }
            }
        }

        @Test func originsThatAreNamedMayAndOthersMayNot() async throws {
            try await Lab.open { lab in
                let browser = try await lab.browser()
                let page = try await browser.open(browser.pages + "/delegate.html")
                let ours = try await lab.node(["--delegate-allowed-origin", browser.pages])
                let others = try await lab.node(["--delegate-allowed-origin", "https://app.example.org"])
                for options in [
                    "{ method: 'POST' }",
                    "{ method: 'POST', body: '{}', headers: { 'Content-Type': 'application/json' } }",
                ] {
                    let may = try await page.evaluate("ask(\"\(ours.http)/api/v0/version\", \(options))")
                    #expect(may["status"] == 200)
                    let mayNot = try await page.evaluate("ask(\"\(others.http)/api/v0/version\", \(options))")
                    #expect(mayNot == "TypeError: Failed to fetch")
                }
                let refused = try await page.exchanges(with: others.http).compactMap(\.status)
                #expect(!refused.isEmpty && refused.allSatisfy { $0 == 403 })
                // The other API is for all pages, as its specification has it.
                let id = try PeerID(bytes: Multihash.sha256(of: [1]).bytes)
                let open = try await page.evaluate("ask(\"\(others.http)/routing/v1/peers/\(id)\")")
                #expect(open["status"] == 200)
            }
        }
    }
}
