import Foundation
import LibP2PIdentity
import Multiformats
import Testing

extension RealPeers {
    /// The delegate asks other servers of Delegated Routing beside its own DHT.
    @Suite(.timeLimit(.minutes(5)))
    struct UpstreamTests {
        private func cid(_ text: String) -> CID { CID(codec: .raw, multihash: .sha256(of: Array(text.utf8))) }

        private func peer(_ number: UInt8) throws -> String {
            try PeerID(bytes: Multihash.sha256(of: [number]).bytes).description
        }

        private func record(_ number: UInt8, _ addresses: String...) throws -> JSONValue {
            .object([
                "Schema": "peer", "ID": .string(try peer(number)), "Addrs": .array(addresses.map { .string($0) }),
                "Protocols": .array(["transport-bitswap"]), "x-price": .string("5"),
            ])
        }

        /// The ids in an answer of one object.
        private func ids(_ answer: HTTPAnswer) throws -> Set<String> {
            let value = try JSONValue(parsing: answer.body)
            return Set((value["Providers"] ?? value["Peers"])?.array?.compactMap { $0["ID"]?.string } ?? [])
        }

        private func metric(_ name: String, _ url: String, of node: NodeProcess) async throws -> String? {
            let line = "waystation_delegate_upstream_\(name){upstream=\"\(url)\"} "
            return try await HTTPAnswer.get(node.admin, "/metrics").body.split(separator: "\n")
                .first { $0.hasPrefix(line) }.map { String($0.dropFirst(line.count)) }
        }

        @Test func anotherNetworksProviderIsFoundThroughANodeOfIt() async throws {
            try await Lab.open { lab in
                let there = try await lab.node()
                let daemon = try await lab.daemon(bootstrap: [try there.address()])
                try await eventually("the daemon comes into the routing table") {
                    try await HTTPAnswer.get(there.admin, "/metrics").body
                        .contains("waystation_dht_peers{protocol=\"/ipfs/kad/1.0.0\"} 1\n") ? true : nil
                }
                let content = cid("elsewhere")
                try await daemon.provide(content.bytes)
                let id = try PeerID(bytes: daemon.idBytes).description
                try await eventually("the daemon is found there") {
                    try ids(try await HTTPAnswer.get(there.http, "/routing/v1/providers/\(content)")) == [id]
                        ? true : nil
                }
                // Its own network is another one: it has no peers at all.
                let here = try await lab.node(["--delegate-upstream", there.http + "/routing/v1/"])
                let answer = try await HTTPAnswer.get(here.http, "/routing/v1/providers/\(content)")
                #expect(answer.status == 200)
                #expect(try ids(answer) == [id])
                let found = try await HTTPAnswer.get(here.http, "/routing/v1/peers/\(id)")
                #expect(try ids(found) == [id])
                let near = try await HTTPAnswer.get(here.http, "/routing/v1/dht/closest/peers/\(content)")
                #expect(try ids(near).contains(id))
                #expect(try await metric("requests_total", there.http, of: here) == "3")
                #expect(try await metric("failures_total", there.http, of: here) == "0")
            }
        }

        @Test func delegatesThatListOneAnotherAskOnce() async throws {
            try await Lab.open { lab in
                let ports = try (0..<2).map { _ in Int(try FreePort.find()) }
                let urls = ports.map { "http://127.0.0.1:\($0)" }
                let one = try await lab.node(
                    http: "127.0.0.1:\(ports[0])", ["--delegate-upstream", urls[1], "--delegate-upstream", urls[0]])
                let other = try await lab.node(http: "127.0.0.1:\(ports[1])", ["--delegate-upstream", urls[0]])
                let start = ContinuousClock.now
                for number in 0..<5 {
                    let answer = try await HTTPAnswer.get(one.http, "/routing/v1/providers/\(cid("nobody \(number)"))")
                    #expect(try ids(answer).isEmpty && answer.status == 200)
                }
                #expect(ContinuousClock.now - start < .seconds(8))
                #expect(try await metric("requests_total", urls[1], of: one) == "5")
                #expect(try await metric("requests_total", urls[0], of: one) == "5")
                #expect(try await metric("requests_total", urls[0], of: other) == "0")
            }
        }

        @Test func recordsArePassedOnAsTheyComeAndEachPeerOnce() async throws {
            try await Lab.open { lab in
                let (slow, quick) = (try await lab.upstream(), try await lab.upstream())
                let node = try await lab.node(["--delegate-upstream", slow.url, "--delegate-upstream", quick.url])
                let (first, second) = (
                    try record(1, "/ip4/192.0.2.1/tcp/1"), try record(2, "/dns4/a.example/tcp/443/tls/http")
                )
                try await slow.play("lines", ["records": .array([first, second])])
                try await quick.play("list", ["records": .array([first])])
                let port = try node.port(webSocket: true)
                let socket = try await Socket.connect(port: port)
                let request =
                    "GET /routing/v1/providers/\(cid("streamed")) HTTP/1.1\r\nHost: localhost\r\n"
                    + "Accept: application/x-ndjson\r\nConnection: close\r\n\r\n"
                try await socket.write(Array(request.utf8))
                var text = ""
                while !text.contains(try peer(1)) {
                    text += String(decoding: try await socket.read(exactly: 1), as: UTF8.self)
                }
                #expect(!text.contains(try peer(2)))
                try await slow.proceed()
                text += String(decoding: try await socket.readToEnd(), as: UTF8.self)
                #expect(text.contains(try peer(2)))
                #expect(text.components(separatedBy: try peer(1)).count == 2)
                // What other servers say besides is kept.
                #expect(text.contains("\"x-price\":\"5\"") && text.contains("transport-bitswap"))
                let asked = try #require(try await slow.requests().first)
                #expect(asked["path"]?.string == "/routing/v1/providers/\(cid("streamed"))")
                #expect(asked["accept"]?.string == "application/x-ndjson, application/json;q=0.9")
                #expect(asked["via"]?.string == "1.1 waystation-delegate")
                // The second time nobody is asked.
                let again = try await HTTPAnswer.get(node.http, "/routing/v1/providers/\(cid("streamed"))")
                #expect(try ids(again) == [try peer(1), try peer(2)])
                #expect(try await slow.requests().isEmpty)
            }
        }

        @Test(arguments: [
            "hang", "drip", "endless", "blank", "giant", "junk", "break", "gibberish", "page", "nothing", "redirect",
        ])
        func aBadOneHarmsNobody(_ manner: String) async throws {
            try await Lab.open { lab in
                let (bad, good) = (try await lab.upstream(), try await lab.upstream())
                let node = try await lab.node([
                    "--delegate-upstream", bad.url, "--delegate-upstream", good.url, "--delegate-upstream-timeout",
                    "2s",
                ])
                try await bad.play(manner, manner == "redirect" ? ["to": .string(node.admin + "/metrics")] : [:])
                try await good.play("list", ["records": .array([try record(1, "/ip4/192.0.2.1/tcp/1")])])
                for number in 0..<3 {
                    let start = ContinuousClock.now
                    let answer = try await HTTPAnswer.get(
                        node.http, "/routing/v1/providers/\(cid("\(manner) \(number)"))")
                    #expect(answer.status == 200)
                    #expect(try ids(answer) == [try peer(1)])
                    #expect(ContinuousClock.now - start < .seconds(8))
                }
                let isSound = manner == "nothing"
                #expect(try await metric("failures_total", bad.url, of: node) == (isSound ? "0" : "3"))
                #expect(try await metric("failures_total", good.url, of: node) == "0")
                #expect(try await metric("under_way", bad.url, of: node) == "0")
                // It stops with a request to the bad one under way.
                let socket = try await Socket.connect(port: try node.port(webSocket: true))
                try await socket.write(
                    Array("GET /routing/v1/providers/\(cid("last")) HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8))
                #expect(try await node.stop() == 0)
            }
        }

        @Test func aFailingOneIsLeftAloneAndComesBack() async throws {
            try await Lab.open { lab in
                let upstream = try await lab.upstream()
                let node = try await lab.node(["--delegate-upstream", upstream.url])
                try await upstream.play("status", ["status": 500])
                for number in 0..<5 {
                    let answer = try await HTTPAnswer.get(node.http, "/routing/v1/providers/\(cid("\(number)"))")
                    // The own DHT has nothing, and that is no error.
                    #expect(answer.status == 200)
                }
                #expect(try await upstream.requests().count == 3)
                #expect(try await metric("open", upstream.url, of: node) == "1")
                #expect(try await metric("passed_over_total", upstream.url, of: node) == "2")
                try await upstream.play("list", ["records": .array([try record(1, "/ip4/192.0.2.1/tcp/1")])])
                var number = 0
                try await eventually("it is asked again") {
                    number += 1
                    let answer = try await HTTPAnswer.get(node.http, "/routing/v1/providers/\(cid("again \(number)"))")
                    return try ids(answer) == [try peer(1)] ? true : nil
                }
                #expect(try await metric("open", upstream.url, of: node) == "0")
            }
        }

        @Test func recordsOfNamesGoThroughAndFalseOnesDoNot() async throws {
            let vectors = try NameRecord.vectors()
            let (true_, false_) = (
                try #require(vectors.first { $0.isValid }), try #require(vectors.last { !$0.isValid })
            )
            try await Lab.open { lab in
                let there = try await lab.node()
                let upstream = try await lab.upstream()
                let here = try await lab.node([
                    "--delegate-upstream", there.http, "--delegate-upstream", upstream.url,
                ])
                let file = lab.path("record")
                try Data(true_.bytes).write(to: URL(filePath: file))
                let type = "application/vnd.ipfs.ipns-record"
                let put = try await lab.start(
                    name: "curl", URL(filePath: "/usr/bin/curl"),
                    [
                        "--silent", "--fail", "--request", "PUT", "--header", "Content-Type: \(type)", "--data-binary",
                        "@\(file)", "\(here.http)/routing/v1/ipns/\(true_.name)",
                    ])
                #expect(try await put.status() == 0)
                let asked = try #require(try await upstream.requests().first)
                #expect(asked["method"]?.string == "PUT" && asked["type"]?.string == type)
                #expect(asked["bytes"]?.double == Double(true_.bytes.count))
                let answer = try await HTTPAnswer.get(there.http, "/routing/v1/ipns/\(true_.name)")
                #expect(answer.fields["content-type"] == type)
                // A third node, which only knows the others.
                let third = try await lab.node(["--delegate-upstream", there.http])
                let got = try await HTTPAnswer.get(third.http, "/routing/v1/ipns/\(true_.name)")
                #expect(got.fields["content-type"] == type)
                #expect(got.fields["etag"] == answer.fields["etag"])
                // A liar: the record is another name's, or was never one.
                let fourth = try await lab.node(["--delegate-upstream", upstream.url])
                for bytes in [true_.bytes, false_.bytes] {
                    try await upstream.play("record", ["bytes": .string(Data(bytes).base64EncodedString())])
                    let name = try PeerID(try peer(9)).cid.text(in: .base36)
                    let none = try await HTTPAnswer.get(fourth.http, "/routing/v1/ipns/\(name)")
                    #expect(none.status == 200 && none.fields["content-type"]?.hasPrefix("text/plain") == true)
                }
            }
        }
    }
}
