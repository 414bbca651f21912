import NIOCore
import NIOEmbedded
import NIOWebSocket
import Testing

@testable import StarSignalling

@Suite("A client on a WebSocket")
struct WebSocketTests {
    private let world = EngineWorld()

    private func connect(_ revision: Int = 4) throws -> SocketClientEnd {
        let client = try #require(try world.webSocket("EIO=\(revision)&transport=websocket"))
        if revision == 4 { try client.send("40") }
        _ = try client.received()
        return client
    }

    @Test("is greeted without an upgrade; revision 3 is connected by the server")
    func greeting() throws {
        let four = try #require(try world.webSocket("EIO=4&transport=websocket"))
        let greeting = try #require(try four.received().first)
        #expect(
            greeting.hasSuffix(
                #"","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}"#))
        let three = try #require(try world.webSocket("EIO=3&transport=websocket"))
        let frames = try three.received()
        #expect(frames.first?.hasSuffix(#"","upgrades":[],"pingInterval":25000,"pingTimeout":20000}"#) == true)
        #expect(frames.dropFirst() == ["40"])
    }

    @Test(
        "what is refused is left to HTTP",
        arguments: ["EIO=4", "EIO=5&transport=websocket", "transport=websocket&sid=1"])
    func refused(query: String) throws {
        #expect(try world.webSocket(query) == nil)
        #expect(world.request("GET", query) { $0.isUpgrade = true }.status == 400)
        #expect(world.engine.sessionCount == 0)
    }

    @Test("messages may come in fragments, with pings between")
    func fragments() throws {
        let client = try connect()
        try client.send(#"42["ec"#, fin: false)
        try client.send("are you there", opcode: .ping)
        try client.send("ho\",", opcode: .continuation, fin: false)
        try client.send("1]", opcode: .continuation)
        #expect(try client.received() == ["pong are you there", #"42["echoed",1]"#])
    }

    @Test("binary parts come as frames, with a kind before them in revision 3", arguments: [3, 4])
    func binary(revision: Int) throws {
        let client = try connect(revision)
        try client.send(#"452-["bytes",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]"#)
        try client.send((revision == 3 ? [4] : []) + [1, 2])
        #expect(world.service.events.isEmpty)
        try client.send((revision == 3 ? [4] : []) + [3])
        #expect(world.service.events.first?.attachments == [ByteBuffer(bytes: [1, 2]), ByteBuffer(bytes: [3])])
    }

    @Test("fragments that make more than a message may have close the connection")
    func tooLarge() throws {
        let client = try connect()
        let half = String(repeating: "4", count: 500_001)
        try client.send(half, fin: false)
        try client.send(half, opcode: .continuation)
        #expect(try client.received() == ["close 1009"])
        #expect(!client.isOpen)
        #expect(world.service.log.last == "disconnected")
    }

    @Test("a frame that announces too much closes the connection")
    func tooLargeFrame() throws {
        let client = try connect()
        try client.send(Array(repeating: 0x34, count: 1_000_001), opcode: .text)
        #expect(try client.received() == ["close 1009"])
        #expect(world.engine.sessionCount == 0)
    }

    @Test("what breaks WebSocket's rules closes the connection")
    func rules() throws {
        let outOfTurn = try connect()
        try outOfTurn.send("x", opcode: .continuation)
        #expect(try outOfTurn.received() == ["close 1002"])
        let interrupted = try connect()
        try interrupted.send("4", fin: false)
        try interrupted.send("4")
        #expect(try interrupted.received() == ["close 1002"])
        let bare = try connect()
        _ = try? bare.channel.writeInbound(ByteBuffer(bytes: [0x81, 1, 0x36]))
        #expect(try bare.received() == ["close 1002"])
        #expect(!bare.isOpen)
        world.loop.run()
        #expect(world.engine.sessionCount == 0)
    }

    @Test("a goodbye is answered", arguments: ["1"])
    func goodbye(packet: String) throws {
        let client = try connect()
        try client.send(packet)
        #expect(try client.received() == ["close 1000"])
        #expect(world.service.log == ["connected", "disconnected"])
    }

    @Test("a close frame is answered")
    func closeFrame() throws {
        let client = try connect()
        try client.send([0x03, 0xe8], opcode: .connectionClose)
        #expect(try client.received() == ["close 1000"])
        world.loop.run()
        #expect(world.service.log == ["connected", "disconnected"])
    }

    @Test("who does not take what it is sent is closed, and its small writes count too")
    func slow() throws {
        var settings = EngineSettings()
        settings.unsentLimit = 20_000
        let world = EngineWorld(settings)
        let client = try #require(try world.webSocket("EIO=3&transport=websocket"))
        client.channel.isWritable = false
        let socket = try #require(world.service.sockets.first)
        var batch = PacketBatch()
        batch.append(packet: "2")
        for _ in 0..<100 { socket.send(batch) }
        #expect(socket.isCongested)
        #expect(client.isOpen)
        for _ in 0..<100 { socket.send(batch) }
        world.loop.run()
        #expect(!client.isOpen)
        #expect(world.service.log == ["connected", "disconnected"])
    }

    @Test("the server's end is told to all")
    func stop() throws {
        let client = try connect()
        let poller = world.poll(revision: 4)
        let poll = poller.get()
        world.engine.stop()
        world.loop.run()
        #expect(try client.received() == ["close 1001"])
        #expect(poll.body == "1")
        #expect(world.engine.sessionCount == 0)
        #expect(try world.webSocket("EIO=4&transport=websocket") == nil)
        #expect(world.request("GET", "EIO=4&transport=polling").status == 503)
    }
}
