import Testing

@testable import StarSignalling

@Suite("Who is not heard is gone")
struct HeartbeatTests {
    private let world = EngineWorld()

    @Test("revision 4 is pinged, and lives as long as it answers")
    func four() throws {
        let client = try #require(try world.webSocket("EIO=4&transport=websocket"))
        try client.send("40")
        _ = try client.received()
        for _ in 0..<5 {
            world.pass(.seconds(25))
            #expect(try client.received() == ["2"])
            world.pass(.seconds(19))
            try client.send("3")
        }
        world.pass(.seconds(25))
        #expect(try client.received() == ["2"])
        world.pass(.seconds(19))
        #expect(client.isOpen)
        world.pass(.seconds(1))
        #expect(!client.isOpen)
        #expect(world.service.log == ["connected", "disconnected"])
    }

    @Test("in revision 4 other packets do not stand for the answer")
    func fourOthers() throws {
        let client = try #require(try world.webSocket("EIO=4&transport=websocket"))
        try client.send("40")
        world.pass(.seconds(25))
        try client.send(#"42["x"]"#)
        world.pass(.seconds(20))
        #expect(!client.isOpen)
    }

    @Test("revision 3 pings, with a payload of its own, and is not pinged")
    func three() throws {
        let client = try #require(try world.webSocket("EIO=3&transport=websocket"))
        _ = try client.received()
        for _ in 0..<5 {
            world.pass(.seconds(44))
            try client.send("2")
            #expect(try client.received() == ["3"])
        }
        try client.send("2hello")
        #expect(try client.received() == ["3hello"])
        world.pass(.seconds(44))
        #expect(client.isOpen)
        world.pass(.seconds(1))
        #expect(!client.isOpen)
        #expect(world.service.log == ["connected", "disconnected"])
    }

    @Test("in revision 3 any packet is a sign of life")
    func threeOthers() throws {
        let client = try #require(try world.webSocket("EIO=3&transport=websocket"))
        for _ in 0..<3 {
            world.pass(.seconds(40))
            try client.send(#"42["x"]"#)
        }
        #expect(client.isOpen)
    }

    @Test("who pings from the wrong side is closed", arguments: [(4, "2"), (3, "3")])
    func direction(revision: Int, packet: String) throws {
        let client = try #require(try world.webSocket("EIO=\(revision)&transport=websocket"))
        try client.send(packet)
        #expect(!client.isOpen)
        #expect(world.engine.sessionCount == 0)
    }

    @Test("a poll is answered with the ping")
    func polling() {
        let client = world.poll(revision: 4)
        client.post("40")
        _ = client.get()
        let poll = client.get()
        world.pass(.seconds(25))
        #expect(poll.body == "2")
        client.post("3")
        let next = client.get()
        world.pass(.seconds(25))
        #expect(next.body == "2")
        world.pass(.seconds(20))
        #expect(client.get().status == 400)
    }

    @Test("revision 3 pings by POST")
    func pollingThree() {
        let client = world.poll(revision: 3)
        let poll = client.get()
        client.post("1:2")
        #expect(poll.body == "1:3")
    }

    @Test("who connects no namespace is closed in time")
    func noNamespace() throws {
        let silent = try #require(try world.webSocket("EIO=4&transport=websocket"))
        world.pass(.seconds(25))
        try silent.send("3")
        world.pass(.milliseconds(19_999))
        #expect(silent.isOpen)
        world.pass(.milliseconds(1))
        #expect(!silent.isOpen)
        #expect(world.engine.sessionCount == 0)
    }

    @Test("who disconnects the namespace and stays is closed in time")
    func disconnected() throws {
        let client = try #require(try world.webSocket("EIO=3&transport=websocket"))
        try client.send("41")
        #expect(world.service.log == ["connected", "disconnected"])
        world.pass(.seconds(44))
        try client.send("2")
        world.pass(.seconds(1))
        #expect(!client.isOpen)
    }
}
