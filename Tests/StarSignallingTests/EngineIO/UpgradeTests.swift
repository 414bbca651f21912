import Testing

@testable import StarSignalling

@Suite("A session moves from polling to a WebSocket")
struct UpgradeTests {
    private let world = EngineWorld()

    private func upgrade(_ client: PollingClient, _ revision: Int) throws -> SocketClientEnd? {
        try world.webSocket("EIO=\(revision)&transport=websocket&sid=\(sid(in: client.greeting))")
    }

    @Test("probe, release, upgrade, and nothing is lost", arguments: [3, 4])
    func upgrade(revision: Int) throws {
        let client = world.poll(revision: revision)
        if revision == 4 {
            client.post("40")
            _ = client.get()
        }
        let poll = client.get()
        let socket = try #require(try upgrade(client, revision))
        try socket.send("2probe")
        #expect(try socket.received() == ["3probe"])
        #expect(poll.body == (revision == 4 ? "6" : "1:6"))
        // What comes between the last poll and the upgrade waits.
        var batch = PacketBatch()
        batch.append(packet: "4between")
        try #require(world.service.sockets.first).send(batch)
        try socket.send("5")
        #expect(try socket.received() == ["4between"])
        try socket.send(#"42["echo",1]"#)
        #expect(try socket.received() == [#"42["echoed",1]"#])
        #expect(client.get().status == 400)
        #expect(client.post("2").status == 400)
        #expect(socket.isOpen)
        socket.cut()
        #expect(world.service.log.last == "disconnected")
        #expect(world.engine.sessionCount == 0)
    }

    @Test("polls go on while a WebSocket is probed")
    func pollsGoOn() throws {
        let client = world.poll(revision: 4)
        client.post("40")
        let socket = try #require(try upgrade(client, 4))
        #expect(client.get().body?.hasPrefix("40") == true)
        let poll = client.get()
        #expect(poll.answer == nil)
        client.post(#"42["echo",1]"#)
        #expect(poll.body == #"42["echoed",1]"#)
        try socket.send("2probe")
        // A poll that comes after the probe is not kept.
        #expect(client.get().body == "6")
    }

    @Test("a WebSocket that is given up leaves the session as it was", arguments: ["x", "4", "2no", ""])
    func givenUp(packet: String) throws {
        let client = world.poll(revision: 4)
        let socket = try #require(try upgrade(client, 4))
        try socket.send(packet)
        #expect(!socket.isOpen)
        #expect(client.post("40").body == "ok")
        let again = try #require(try upgrade(client, 4))
        try again.send("2probe")
        #expect(try again.received() == ["3probe"])
        again.cut()
        let poll = client.get()
        #expect(poll.body?.hasPrefix("40") == true)
        #expect(world.engine.sessionCount == 1)
    }

    @Test("an upgrade that is not finished in time is given up")
    func late() throws {
        let client = world.poll(revision: 4)
        let socket = try #require(try upgrade(client, 4))
        try socket.send("2probe")
        world.pass(.seconds(10))
        #expect(!socket.isOpen)
        #expect(client.post("40").body == "ok")
        #expect(world.engine.sessionCount == 1)
    }

    @Test("there is one at a time, and none after it")
    func others() throws {
        let client = world.poll(revision: 4)
        let socket = try #require(try upgrade(client, 4))
        #expect(try #require(try upgrade(client, 4)).isOpen == false)
        try socket.send("2probe")
        try socket.send("5")
        #expect(try #require(try upgrade(client, 4)).isOpen == false)
        #expect(socket.isOpen)
        try socket.send("40")
        #expect(world.service.log == ["connected"])
    }

    @Test("a session that ends takes the WebSocket along that was to carry it")
    func ended() throws {
        let client = world.poll(revision: 4)
        let socket = try #require(try upgrade(client, 4))
        client.post("1")
        #expect(!socket.isOpen)
        #expect(world.engine.sessionCount == 0)
    }
}
