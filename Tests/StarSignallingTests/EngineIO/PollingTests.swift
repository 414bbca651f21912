import HTTPTypes
import LibP2PCore
import NIOCore
import NIOEmbedded
import Testing

@testable import StarSignalling

@Suite("A client that polls")
struct PollingTests {
    private let world = EngineWorld()

    @Test("revision 4 is greeted with what it must know, and connects by itself")
    func openFour() throws {
        let client = world.poll(revision: 4)
        let tail = #","upgrades":["websocket"],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}"#
        #expect(client.greeting.hasPrefix(#"0{"sid":""#) && client.greeting.hasSuffix(tail))
        #expect(world.service.log.isEmpty)
        #expect(client.post("40").body == "ok")
        #expect(world.service.log == ["connected"])
        let answer = try #require(client.get().body)
        #expect(answer.hasPrefix(#"40{"sid":""#))
        #expect(sid(in: answer) != sid(in: client.greeting))
    }

    @Test("revision 3 is connected by the server; lengths count UTF-16 units")
    func openThree() throws {
        let client = world.poll(revision: 3)
        #expect(client.greeting.hasSuffix(#""pingTimeout":20000}2:40"#))
        #expect(client.greeting.hasPrefix("109:0{"))
        #expect(world.service.log == ["connected"])
        let packet = #"42["echo","é😀"]"#
        #expect(client.post("\(packet.utf16.count):\(packet)2:41").body == "ok")
        #expect(world.service.log == ["connected", #"echo "é😀""#, "disconnected"])
        #expect(client.get().body == #"18:42["echoed","é😀"]"#)
    }

    @Test("a poll waits until there is something, and takes all of it")
    func wait() throws {
        let client = world.poll(revision: 4)
        client.post("40")
        _ = client.get()
        let poll = client.get()
        #expect(poll.answer == nil)
        #expect(client.post("42[\"echo\",1]\u{1e}42[\"echo\",2]").body == "ok")
        #expect(poll.body == "42[\"echoed\",1]\u{1e}42[\"echoed\",2]")
    }

    @Test(
        "what is wrong is said in the reference server's words",
        arguments: [
            ("GET", "EIO=4", 400, #"{"code":0,"message":"Transport unknown"}"#),
            ("GET", "EIO=4&transport=pigeon", 400, #"{"code":0,"message":"Transport unknown"}"#),
            ("GET", "EIO=4&transport=polling&sid=x", 400, #"{"code":1,"message":"Session ID unknown"}"#),
            ("POST", "EIO=4&transport=polling", 400, #"{"code":2,"message":"Bad handshake method"}"#),
            ("GET", "EIO=4&transport=websocket", 400, #"{"code":3,"message":"Bad request"}"#),
            ("GET", "EIO=5&transport=polling", 400, #"{"code":5,"message":"Unsupported protocol version"}"#),
            ("GET", "transport=polling", 400, #"{"code":5,"message":"Unsupported protocol version"}"#),
        ])
    func refusals(method: String, query: String, status: Int, body: String) {
        let exchange = world.request(method, query)
        #expect(exchange.status == status)
        #expect(exchange.body == body)
        #expect(exchange.answer?.headers[.contentType] == "application/json")
        #expect(world.engine.sessionCount == 0)
    }

    @Test("JSONP is refused in words")
    func script() {
        let exchange = world.request("GET", "EIO=3&transport=polling&j=0")
        #expect(exchange.status == 400)
        #expect(exchange.body?.contains("JSONP is not supported") == true)
    }

    @Test("a second poll at a time ends the session, and the first one hears of it")
    func overlap() {
        let client = world.poll(revision: 4)
        let (first, second) = (client.get(), client.get())
        #expect(second.status == 400)
        #expect(first.body == "1")
        #expect(client.get().status == 400)
        #expect(world.engine.sessionCount == 0)
    }

    @Test("a goodbye releases the poll and ends the session")
    func goodbye() {
        let client = world.poll(revision: 4)
        client.post("40")
        _ = client.get()
        let poll = client.get()
        #expect(client.post("1").body == "ok")
        #expect(poll.body == "6")
        #expect(client.get().body == #"{"code":1,"message":"Session ID unknown"}"#)
        #expect(world.service.log == ["connected", "disconnected"])
    }

    @Test("who goes away while polling is gone")
    func abandoned() {
        let client = world.poll(revision: 4)
        client.post("40")
        _ = client.get()
        client.get().abandon()
        world.loop.run()
        #expect(world.service.log == ["connected", "disconnected"])
        #expect(world.engine.sessionCount == 0)
    }

    @Test(
        "what is no payload ends the session",
        arguments: [
            (4, ""), (4, "9"), (4, "40\u{1e}"), (4, "4x"), (4, "2"), (3, ""), (3, "1"), (3, "2:4"), (3, "x:40"),
            (3, "2:409:2"), (3, "3"), (3, "99999999999:4"), (3, "1:😀"), (4, "b!"), (4, "bQQ=="),
        ])
    func malformed(revision: Int, body: String) {
        let client = world.poll(revision: revision)
        #expect(client.post(body).status == 400)
        #expect(client.get().body == #"{"code":1,"message":"Session ID unknown"}"#)
        #expect(world.engine.sessionCount == 0)
    }

    @Test("other methods do a session no harm", arguments: ["PUT", "DELETE", "PATCH", "HEAD"])
    func otherMethods(method: String) {
        let client = world.poll(revision: 4)
        #expect(world.request(method, client.query).status == 405)
        #expect(client.post("40").body == "ok")
    }

    @Test("revision 4 posts no bytes; the session stays")
    func octetsFour() {
        let client = world.poll(revision: 4)
        #expect(client.post("40") { $0.contentType = "application/octet-stream" }.status == 400)
        #expect(client.post("40").body == "ok")
    }

    @Test("revision 3 posts bytes too")
    func octetsThree() {
        let client = world.poll(revision: 3)
        let text = #"451-["bytes",{"_placeholder":true,"num":0}]"#
        var body = ByteBuffer(bytes: [0, 4, 3, 0xff])
        body.writeString(text)
        body.writeBytes([1, 4, 0xff, 4, 1, 2, 3])
        let exchange = client.post("") {
            $0.body = body
            $0.contentType = "application/octet-stream"
        }
        #expect(exchange.body == "ok")
        #expect(world.service.events.first?.attachments == [ByteBuffer(bytes: [1, 2, 3])])
    }

    @Test("bytes come as base64 as well", arguments: [(4, "b"), (3, "b4")])
    func base64(revision: Int, prefix: String) {
        let client = world.poll(revision: revision)
        let text = #"451-["bytes",{"_placeholder":true,"num":0}]"#
        let part = prefix + "AQID"
        client.post(
            revision == 4 ? "40\u{1e}\(text)\u{1e}\(part)" : "\(text.count):\(text)\(part.count):\(part)")
        #expect(world.service.events.first?.attachments == [ByteBuffer(bytes: [1, 2, 3])])
    }

    @Test("a body over the bound is refused, and the session stays")
    func tooLarge() {
        let client = world.poll(revision: 4)
        #expect(client.post(String(repeating: "4", count: 1_000_001)).status == 413)
        #expect(client.post("40").body == "ok")
    }

    @Test("more packets than a payload may have end the session")
    func tooMany() {
        let client = world.poll(revision: 4)
        let packets = Array(repeating: "6", count: 10_001).joined(separator: "\u{1e}")
        #expect(client.post(packets).status == 400)
        #expect(world.engine.sessionCount == 0)
    }

    @Test("what a client does not fetch is bounded")
    func slow() throws {
        var settings = EngineSettings()
        settings.unsentLimit = 10_000
        let world = EngineWorld(settings)
        let client = world.poll(revision: 4)
        client.post("40")
        let payload = String(repeating: "x", count: 4000)
        client.post("42[\"echo\",\"\(payload)\"]")
        #expect(try #require(world.service.sockets.first).isCongested == false)
        client.post("42[\"echo\",\"\(payload)\"]")
        #expect(try #require(world.service.sockets.first).isCongested)
        client.post("42[\"echo\",\"\(payload)\"]")
        #expect(world.engine.sessionCount == 0)
        #expect(world.service.log.last == "disconnected")
    }
}
