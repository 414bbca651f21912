import Foundation
import LibP2PIdentity
import Multiformats
import Testing

extension RealPeers {
    /// Clients that mean harm, or don't know better, at a running node's delegate.
    @Suite(.serialized, .timeLimit(.minutes(5)))
    struct HostileDelegateTests {
        private static let cid = "bafkreidcd7frenco2m6ch7mny63wztgztv3q6fctaffgowkro6kljre5ei"
        private static let peer = "12D3KooWM8sovaEGU1bmiWGWAzvs47DEcXKZZTuJnpQyVTkRs2Vn"
        private static let name = "k51qzi5uqu5dlkw8pxuw9qmqayfdeh4kfebhmreauqdc6a7c3y7d5i9fi8mk9w"
        private static let recordType = "application/vnd.ipfs.ipns-record"

        /// Whether ordinary clients are served.
        private func expectService(_ node: NodeProcess) async throws {
            let list = try await HTTPAnswer.get(node.http, "/routing/v1/providers/\(Self.cid)")
            #expect(list.status == 200)
            #expect(try await HTTPAnswer.ask(node.http, "POST", "/api/v0/version", body: "").status == 200)
        }

        /// What stands where an argument is expected, percent-encoded.
        private static let bad: [String] = [
            "", "x", "%00", "%ff%fe", "%", "%zz", "..", "../..", "%2e%2e%2f", "%2F", "//", "0", "-1", "null",
            "undefined",
            "Qm", "QmdfTbBqBPQ7VNxZEYEj14VmRuZBkqFbiwReogJgS1zR1", "bafkrei", "z", "f0155", "\u{1f}".percentEncoded,
            "🦊".percentEncoded, "<script>".percentEncoded, "%0d%0aX-Injected:%20yes", "'%20OR%201=1",
            String(repeating: "b", count: 3000), String(repeating: "9", count: 3000),
            "b" + String(repeating: "a", count: 5000), String(repeating: "%41", count: 1000),
        ]

        @Test func everyParameterMalformedOverlongOrRepeated() async throws {
            try await Lab.open { lab in
                let node = try await lab.node()
                let watch = try HealthWatch(node, lab)
                for bad in Self.bad {
                    for route in ["providers", "peers", "ipns", "dht/closest/peers"] {
                        let answer = try await HTTPAnswer.get(node.http, "/routing/v1/\(route)/\(bad)")
                        #expect(
                            (400..<500).contains(answer.status) || answer.status == 501, "\(route) \(bad.prefix(40))")
                        #expect(answer.fields["x-injected"] == nil)
                    }
                    for route in [
                        "dht/findprovs", "dht/findpeer", "dht/query", "dht/provide", "dht/get", "dht/put",
                        "routing/findprovs",
                        "refs", "block/stat", "block/get", "swarm/connect",
                    ] {
                        let answer = try await HTTPAnswer.ask(
                            node.http, "POST", "/api/v0/\(route)?arg=\(bad)", body: "")
                        #expect((400..<500).contains(answer.status), "\(route) \(bad.prefix(40)) \(answer.body)")
                        if answer.status == 400, answer.fields["content-type"] == "application/json" {
                            let error = try JSONValue(parsing: answer.body)
                            #expect(error["Type"] == "error" && error["Code"] == 1)
                        }
                    }
                }
                let options = [
                    "timeout", "num-providers", "n", "recursive", "r", "unique", "u", "edges", "e", "max-depth",
                    "offline",
                ]
                let route: [String: String] = [
                    "timeout": "version?", "num-providers": "dht/findprovs?", "n": "dht/findprovs?",
                ]
                for option in options {
                    let target =
                        "/api/v0/" + (route[option] ?? "refs?") + (option == "timeout" ? "" : "arg=\(Self.cid)&")
                    for bad in ["x", "%ff", "1e99", "9999999999999999999", "--1", "1&\(option)=1"] {
                        let answer = try await HTTPAnswer.ask(
                            node.http, "POST", "\(target)\(option)=\(bad)", body: "")
                        #expect(answer.status == 400, "\(option)=\(bad)")
                    }
                }
                for filter in ["filter-addrs", "filter-protocols"] {
                    for bad in [
                        "a&\(filter)=b", String(repeating: "a", count: 5000), "%ff",
                        String(repeating: "a,", count: 500),
                    ] {
                        let answer = try await HTTPAnswer.get(
                            node.http, "/routing/v1/providers/\(Self.cid)?\(filter)=\(bad)")
                        #expect(answer.status == 422, "\(filter)=\(bad.prefix(20))")
                    }
                }
                for query in [String(repeating: "a=b&", count: 200), String(repeating: "q", count: 20_000)] {
                    #expect(
                        try await HTTPAnswer.get(node.http, "/routing/v1/providers/\(Self.cid)?\(query)").status == 422)
                    #expect(
                        try await HTTPAnswer.ask(node.http, "POST", "/api/v0/version?\(query)", body: "").status == 400)
                }
                for accept in ["x", "text/html", ",,,;;;", String(repeating: "a/b,", count: 4000)] {
                    let answer = try await HTTPAnswer.get(
                        node.http, "/routing/v1/providers/\(Self.cid)", fields: ["Accept": accept])
                    #expect(answer.status == 406, "\(accept.prefix(20))")
                }
                for (type, body) in [
                    ("multipart/form-data", "x"), ("multipart/form-data; boundary=", "x"),
                    ("multipart/form-data; boundary=b", "--b\r\n\r\n"),
                    ("multipart/form-data; boundary=b", "--b\r\n\r\nx\r\n--b\r\n\r\ny\r\n--b--\r\n"),
                    ("multipart/form-data; boundary=" + String(repeating: "b", count: 500), "x"),
                ] {
                    let answer = try await HTTPAnswer.ask(
                        node.http, "POST", "/api/v0/dht/put?arg=/ipns/\(Self.peer)", fields: ["Content-Type": type],
                        body: body)
                    #expect(answer.status == 400, "\(type.prefix(40))")
                }
                try await expectService(node)
                try await watch.expectHealthy()
            }
        }

        @Test func bodiesThatAreTooLargeOrNeverEnd() async throws {
            try await Lab.open { lab in
                let node = try await lab.node()
                let watch = try HealthWatch(node, lab)
                let port = try node.port(webSocket: true)
                let targets = [
                    ("PUT", "/routing/v1/ipns/\(Self.name)"), ("POST", "/api/v0/dht/put?arg=/ipns/\(Self.peer)"),
                    ("POST", "/api/v0/refs?arg=\(Self.cid)"), ("GET", "/routing/v1/providers/\(Self.cid)"),
                ]
                for (method, target) in targets {
                    let head = "\(method) \(target) HTTP/1.1\r\nHost: localhost\r\nContent-Type: \(Self.recordType)\r\n"
                    // It says so, and is refused before it has come.
                    let boast = try await Socket.connect(port: port)
                    try await boast.write(Array("\(head)Content-Length: 1099511627776\r\n\r\n".utf8))
                    let line = String(decoding: try await boast.read(exactly: 12), as: UTF8.self)
                    #expect(line == "HTTP/1.1 413", "\(method) \(target)")
                    await boast.close()
                    // It does not say so.
                    let flood = try await Socket.connect(port: port)
                    try await flood.write(Array("\(head)Transfer-Encoding: chunked\r\n\r\n".utf8))
                    let chunk = Array("4000\r\n".utf8) + [UInt8](repeating: 0x61, count: 0x4000) + Array("\r\n".utf8)
                    for _ in 0..<2000 where !flood.hasEnded {
                        do { try await flood.write(chunk) } catch { break }
                    }
                    try await flood.waitForEnd(within: .seconds(60))
                    await flood.close()
                }
                try await expectService(node)
                try await watch.expectHealthy()
            }
        }

        /// Bodies that take their time hold their own connections, and no one else's.
        @Test func slowBodiesKeepNobodyWaiting() async throws {
            try await Lab.open { lab in
                let node = try await lab.node()
                let watch = try HealthWatch(node, lab)
                var sockets: [Socket] = []
                for number in 0..<200 {
                    let socket = try await Socket.connect(port: try node.port(webSocket: true))
                    let (method, target) =
                        number.isMultiple(of: 2)
                        ? ("PUT", "/routing/v1/ipns/\(Self.name)") : ("POST", "/api/v0/dht/put?arg=/ipns/\(Self.peer)")
                    let head =
                        "\(method) \(target) HTTP/1.1\r\nHost: localhost\r\nContent-Type: \(Self.recordType)\r\n"
                        + "Content-Length: 5000\r\n\r\nx"
                    try await socket.write(Array(head.utf8))
                    sockets.append(socket)
                }
                for _ in 0..<20 { try await expectService(node) }
                // They are answered when their time is up, and closed.
                for socket in sockets {
                    let answer = String(decoding: try await socket.readToEnd(within: .seconds(90)), as: UTF8.self)
                    #expect(answer.isEmpty || answer.hasPrefix("HTTP/1.1 4"), "\(answer.prefix(40))")
                    await socket.close()
                }
                try await expectService(node)
                try await watch.expectHealthy()
            }
        }

        @Test func thousandsOfKeysNobodyHas() async throws {
            try await Lab.open { lab in
                let node = try await lab.node()
                let daemon = try await lab.daemon(bootstrap: [try node.address()])
                try await lab.waitForPeers(1, of: node)
                let content = CID(codec: .raw, multihash: .sha256(of: Array("wanted".utf8)))
                try await daemon.provide(content.bytes)
                let watch = try HealthWatch(node, lab)
                let statuses = try await withThrowingTaskGroup(of: [Int: Int].self) { group in
                    for worker in 0..<16 {
                        group.addTask {
                            var counts: [Int: Int] = [:]
                            for number in 0..<250 {
                                let hash = Multihash.sha256(of: Array("\(worker) \(number)".utf8))
                                let cid = CID(codec: .raw, multihash: hash)
                                let answer =
                                    switch number % 3 {
                                    case 0: try await HTTPAnswer.get(node.http, "/routing/v1/providers/\(cid)")
                                    case 1:
                                        try await HTTPAnswer.get(
                                            node.http, "/routing/v1/peers/\(try PeerID(bytes: hash.bytes))")
                                    default:
                                        try await HTTPAnswer.ask(
                                            node.http, "POST", "/api/v0/dht/findprovs?arg=\(cid)", body: "")
                                    }
                                counts[answer.status, default: 0] += 1
                            }
                            return counts
                        }
                    }
                    // Somebody else asks meanwhile, and is answered.
                    for _ in 0..<10 {
                        let answer = try await HTTPAnswer.get(node.http, "/routing/v1/providers/\(content)")
                        #expect(answer.status == 200 && answer.body.contains(daemon.id))
                    }
                    return try await group.reduce(into: [:]) { all, counts in all.merge(counts, uniquingKeysWith: +) }
                }
                #expect(statuses.values.reduce(0, +) == 4000)
                // Whoever comes when too much goes on is told so.
                #expect(Set(statuses.keys).isSubset(of: [200, 429]), "\(statuses)")
                let metrics = try await HTTPAnswer.get(node.admin, "/metrics").body
                #expect(metrics.contains("waystation_delegate_searches 0\n"))
                try await watch.expectHealthy()
            }
        }
    }
}

extension String {
    fileprivate var percentEncoded: String { utf8.map { "%" + ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() }
}
