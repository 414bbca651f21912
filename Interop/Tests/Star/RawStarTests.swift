import Testing

/// The star's wire, byte by byte, through a running node.
@Suite(.timeLimit(.minutes(3)))
struct RawStarTests {
    static let polling4 = "/socket.io/?EIO=4&transport=polling"
    static let polling3 = "/socket.io/?EIO=3&transport=polling"

    @Test func aSessionByPollingOfToday() async throws {
        try await Lab.open { lab in
            let node = try await lab.node()
            let opening = try await HTTPAnswer.get(node.http, Self.polling4 + "&t=abc")
            #expect(opening.status == 200)
            #expect(opening.fields["content-type"]?.hasPrefix("text/plain") == true)
            let open = try JSONValue(parsing: String(opening.body.dropFirst()))
            #expect(opening.body.hasPrefix("0{"))
            #expect(open["upgrades"] == .array(["websocket"]))
            #expect(open["pingInterval"] == 25000)
            #expect(open["pingTimeout"] == 20000)
            #expect(open["maxPayload"] == 1_000_000)
            let session = Self.polling4 + "&sid=" + (try #require(open["sid"]?.string))

            let posted = try await HTTPAnswer.ask(node.http, "POST", session, body: "40")
            #expect(posted.status == 200)
            #expect(posted.body == "ok")
            let connected = try await HTTPAnswer.get(node.http, session)
            #expect(connected.body.hasPrefix("40{\"sid\":\""))

            // Two packets in one body; the second is acknowledged.
            let body = "42[\"ss-join\",\"/star/a\"]\u{1e}427[\"ss-handshake\",{\"nonsense\":1}]"
            #expect(try await HTTPAnswer.ask(node.http, "POST", session, body: body).body == "ok")
            #expect(try await HTTPAnswer.get(node.http, session).body == "437[]")

            // A request that waits is answered by what comes.
            async let waiting = HTTPAnswer.get(node.http, session)
            let other = try await RawStar.join(node, generation: 3, as: "/star/b")
            #expect(try await waiting.body == "42[\"ws-peer\",\"/star/b\"]")
            #expect(try await other.text { $0.hasPrefix("42") } == "42[\"ws-peer\",\"/star/a\"]")

            // A goodbye.
            #expect(try await HTTPAnswer.ask(node.http, "POST", session, body: "1").status == 200)
            #expect(try await HTTPAnswer.get(node.http, session).status == 400)
        }
    }

    @Test func aSessionByPollingOf2020() async throws {
        try await Lab.open { lab in
            let node = try await lab.node()
            let opening = try await HTTPAnswer.get(node.http, Self.polling3)
            let packets = try Self.packets(opening.body)
            #expect(packets.count == 2)
            #expect(packets.last == "40")
            let open = try JSONValue(parsing: String(try #require(packets.first).dropFirst()))
            let session = Self.polling3 + "&sid=" + (try #require(open["sid"]?.string))

            // Its length counts UTF-16 units.
            let join = "42[\"ss-join\",\"/star/😀\"]"
            let ping = "2probe"
            let body = "\(join.utf16.count):\(join)\(ping.utf16.count):\(ping)"
            #expect(try await HTTPAnswer.ask(node.http, "POST", session, body: body).body == "ok")
            #expect(try Self.packets(try await HTTPAnswer.get(node.http, session).body) == ["3probe"])

            async let waiting = HTTPAnswer.get(node.http, session)
            let other = try await RawStar.join(node, generation: 4, as: "/star/ü")
            #expect(try Self.packets(try await waiting.body) == ["42[\"ws-peer\",\"/star/ü\"]"])
            #expect(try await other.text { $0.hasPrefix("42") } == "42[\"ws-peer\",\"/star/😀\"]")
        }
    }

    @Test(arguments: [3, 4])
    func fromPollingToWebSocket(generation: Int) async throws {
        try await Lab.open { lab in
            let node = try await lab.node()
            let path = "/socket.io/?EIO=\(generation)&transport=polling"
            let opening = try await HTTPAnswer.get(node.http, path).body
            let text = generation == 4 ? opening : try #require(try Self.packets(opening).first)
            let sid = try #require(try JSONValue(parsing: String(text.dropFirst()))["sid"]?.string)
            let session = path + "&sid=" + sid
            if generation == 4 {
                _ = try await HTTPAnswer.ask(node.http, "POST", session, body: "40")
                _ = try await HTTPAnswer.get(node.http, session)
            }
            // A request waits while the WebSocket is tried, and is sent home by a noop.
            async let waiting = HTTPAnswer.get(node.http, session)
            let webSocket = try await RawStar.upgrade(
                node, query: "EIO=\(generation)&transport=websocket&sid=\(sid)")
            try await webSocket.send("2probe")
            #expect(try await webSocket.text() == "3probe")
            #expect(try await waiting.body == (generation == 4 ? "6" : "1:6"))
            try await webSocket.send("5")
            try await webSocket.send("427[\"ss-join\",\"/star/a\"]")
            #expect(try await webSocket.text { $0.hasPrefix("43") } == "437[]")
            // Polling is over for this session.
            #expect(try await HTTPAnswer.get(node.http, session).status == 400)
            let other = try await RawStar.join(node, generation: generation, as: "/star/b")
            #expect(try await webSocket.text { $0.hasPrefix("42") } == "42[\"ws-peer\",\"/star/b\"]")
            #expect(try await other.text { $0.hasPrefix("42") } == "42[\"ws-peer\",\"/star/a\"]")
        }
    }

    @Test func errorsAreTheReferenceServers() async throws {
        try await Lab.open { lab in
            let node = try await lab.node()
            func error(_ method: String, _ query: String) async throws -> (Int, JSONValue) {
                let answer = try await HTTPAnswer.ask(
                    node.http, method, "/socket.io/?\(query)", body: method == "POST" ? "40" : nil)
                return (answer.status, try JSONValue(parsing: answer.body))
            }
            let cases: [(String, String, Int, String)] = [
                ("GET", "EIO=4&transport=carrier-pigeon", 0, "Transport unknown"),
                ("GET", "EIO=4", 0, "Transport unknown"),
                ("GET", "EIO=4&transport=polling&sid=nobody", 1, "Session ID unknown"),
                ("POST", "EIO=3&transport=polling&sid=nobody", 1, "Session ID unknown"),
                ("POST", "EIO=4&transport=polling", 2, "Bad handshake method"),
            ]
            for (method, query, code, message) in cases {
                let (status, body) = try await error(method, query)
                #expect(status == 400, "\(method) \(query)")
                #expect(body == .object(["code": JSONValue(integerLiteral: code), "message": .string(message)]))
            }
        }
    }

    /// The reference server sends no CORS headers, so that polling from a page of another origin fails.
    @Test func anyOriginMayPoll() async throws {
        try await Lab.open { lab in
            let node = try await lab.node()
            let origin = "https://app.example"
            let answer = try await HTTPAnswer.get(node.http, Self.polling4, fields: ["Origin": origin])
            #expect(["*", origin].contains(answer.fields["access-control-allow-origin"] ?? ""))
            let preflight = try await HTTPAnswer.ask(
                node.http, "OPTIONS", Self.polling4,
                fields: [
                    "Origin": origin, "Access-Control-Request-Method": "POST",
                    "Access-Control-Request-Headers": "content-type",
                ])
            #expect(preflight.status / 100 == 2)
            #expect(["*", origin].contains(preflight.fields["access-control-allow-origin"] ?? ""))
            #expect(preflight.fields["access-control-allow-methods"]?.contains("POST") == true)
            #expect(preflight.fields["access-control-allow-headers"]?.lowercased().contains("content-type") == true)
        }
    }

    /// `LENGTH:PACKET…`, the lengths in UTF-16 units.
    private static func packets(_ body: String) throws -> [String] {
        var rest = Array(body.utf16)
        var packets: [String] = []
        while let colon = rest.firstIndex(of: 0x3a) {
            guard let length = Int(String(decoding: rest[..<colon], as: UTF16.self)), rest.count > colon + length else {
                throw InteropError("no payload: \(body)")
            }
            packets.append(String(decoding: rest[(colon + 1)...(colon + length)], as: UTF16.self))
            rest.removeFirst(colon + 1 + length)
        }
        return packets
    }
}
