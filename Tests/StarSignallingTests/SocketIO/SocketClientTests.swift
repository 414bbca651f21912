import LibP2PTesting
import NIOCore
import NIOWebSocket
import Testing

@testable import StarSignalling

@Suite("Socket.IO's protocols 4 and 5 on the default namespace")
struct SocketClientTests {
    private let world = EngineWorld()

    private func open(_ revision: Int) throws -> SocketClientEnd {
        let client = try #require(try world.webSocket("EIO=\(revision)&transport=websocket"))
        _ = try client.received()
        return client
    }

    private func connect(_ revision: Int) throws -> SocketClientEnd {
        let client = try open(revision)
        if revision == 4 {
            try client.send("40")
            _ = try client.received()
        }
        return client
    }

    @Test(
        "protocol 5 connects by itself",
        arguments: ["40", "40/", "40/,", "40{}", "40{\"token\":\"x\"}", "40/,{\"a\":1}"])
    func connectFive(packet: String) throws {
        let client = try open(4)
        try client.send(packet)
        let answer = try #require(try client.received().first)
        #expect(answer.hasPrefix(#"40{"sid":""#) && answer.hasSuffix(#""}"#))
        #expect(world.service.log == ["connected"])
    }

    @Test("an unknown namespace is refused, the connection stays", arguments: ["/other", "/other?x=1", "/é"])
    func unknownNamespace(namespace: String) throws {
        let four = try open(4)
        try four.send("40\(namespace),{}")
        #expect(try four.received() == ["44\(namespace),{\"message\":\"Invalid namespace\"}"])
        try four.send("40")
        #expect(try four.received().count == 1)
        let three = try open(3)
        try three.send("40\(namespace)")
        #expect(try three.received() == ["44\(namespace),\"Invalid namespace\""])
        #expect(three.isOpen)
    }

    @Test("clients of protocol 4 that connect again, with a query, do no harm")
    func connectAgain() throws {
        let client = try connect(3)
        try client.send("40")
        try client.send("40/?token=x")
        #expect(try client.received() == [])
        try client.send("42/?token=x,[\"echo\",1]")
        #expect(try client.received() == [#"42["echoed",1]"#])
        #expect(world.service.log.first == "connected" && world.service.sockets.count == 1)
    }

    @Test(
        "who may not connect is told",
        arguments: [(3, #"44"Too many connections""#), (4, #"44{"message":"Too many connections"}"#)])
    func refused(revision: Int, answer: String) throws {
        let world = EngineWorld(service: RecordingService(admits: false))
        let client = try #require(try world.webSocket("EIO=\(revision)&transport=websocket"))
        if revision == 4 { try client.send("40") }
        #expect(try client.received().last == answer)
        #expect(world.service.log == [])
    }

    @Test("events come with their arguments, acknowledged when that is asked for", arguments: [3, 4])
    func events(revision: Int) throws {
        let client = try connect(revision)
        try client.send(#"42["one"]"#)
        try client.send(#"42/,7["two", {"a":[1]} ,"\u00e9"]"#)
        try client.send(#"4218446744073709551615["three",null]"#)
        #expect(world.service.log.suffix(3) == ["one ", #"two {"a":[1]} "\u00e9""#, "three null"])
        #expect(try client.received() == ["437[]", "4318446744073709551615[]"])
    }

    @Test("an event's name is decoded")
    func names() throws {
        let client = try connect(4)
        try client.send(#"42["ss-\u006aoin","x"]"#)
        #expect(world.service.events.first?.name == "ss-join")
    }

    @Test("a disconnect leaves the connection; it can connect again", arguments: [3, 4])
    func disconnect(revision: Int) throws {
        let client = try connect(revision)
        try client.send("41")
        #expect(client.isOpen)
        try client.send("40")
        #expect(world.service.log == ["connected", "disconnected", "connected"])
        client.cut()
        #expect(world.service.log.last == "disconnected")
    }

    @Test("who connects again and again is closed")
    func connectsAgainAndAgain() throws {
        let client = try open(4)
        for _ in 0..<101 where client.isOpen {
            try client.send("40")
            try client.send("41")
        }
        #expect(!client.isOpen)
        #expect(world.service.log.count { $0 == "connected" } == 100)
    }

    @Test(
        "well-formed nonsense is ignored",
        arguments: [
            "42", "42[1]", "42[-1.5,{}]", "42[\"unknown\",1,2,3]", "43", "431[]", "4312[{}]",
            "42[\"deep\"," + String(repeating: "[", count: 100_000) + String(repeating: "]", count: 100_000) + "]",
            "6", "5", "0", "0{}",
        ])
    func nonsense(packet: String) throws {
        let client = try connect(4)
        try client.send(packet)
        #expect(client.isOpen)
        #expect(world.service.events.allSatisfy { $0.name == "unknown" })
        try client.send(#"42["echo",1]"#)
        #expect(try client.received() == [#"42["echoed",1]"#])
    }

    @Test(
        "what is no packet closes the connection",
        arguments: [
            "", "x", "7", "4", "4x", "47", "42{}", "42[]", "42[", "42[\"a\"", "42[\"a\"]x", "42[{}]", "42[null]",
            "42\"a\"",
            "42abc[\"a\"]", "42/other,[\"a\"]", "42[\"connect\"]", "42[\"disconnect\",1]", "42[\"a\",01]",
            "42[\"a\nb\"]",
            "40", "40[]", "40x", "41{}", "41/other,", "43{}", "43x", "44", "44{}", "45[\"a\"]", "45-[\"a\"]",
            "4511-[\"a\"]", "45999999999999999999999-[\"a\"]", "4299999999999999999999[\"a\"]", "46", "b", "bx",
        ])
    func malformed(packet: String) throws {
        let client = try connect(4)
        try client.send(packet)
        #expect(!client.isOpen)
        #expect(try client.received().last == "close 1008")
        #expect(world.engine.sessionCount == 0)
        #expect(world.service.log == ["connected", "disconnected"])
    }

    @Test("an event before the namespace is connected closes the connection", arguments: ["42[\"a\"]", "41", "431[]"])
    func early(packet: String) throws {
        let client = try open(4)
        try client.send(packet)
        #expect(!client.isOpen)
    }

    @Test("text that is not UTF-8 closes the connection")
    func notUTF8() throws {
        for bytes in [Array("42[\"".utf8) + [0xff] + Array("\"]".utf8), Array("40/".utf8) + [0xc3]] {
            let client = try open(3)
            try client.send(bytes, opcode: .text)
            #expect(!client.isOpen)
        }
    }

    @Test("binary parts are bounded, and come in turn")
    func attachments() throws {
        let text = try connect(4)
        try text.send("452-[\"a\"]")
        try text.send("42[\"a\"]")
        #expect(!text.isOpen)
        let unasked = try connect(4)
        try unasked.send([1, 2, 3])
        #expect(!unasked.isOpen)
        let large = try connect(4)
        try large.send("452-[\"a\"]")
        try large.send(Array(repeating: 0, count: 600_000))
        #expect(large.isOpen)
        try large.send(Array(repeating: 0, count: 600_000))
        #expect(!large.isOpen)
        let none = try connect(4)
        try none.send("450-[\"none\"]")
        try none.send("461-1[{}]")
        try none.send([1])
        #expect(none.isOpen)
        #expect(world.service.events.map(\.name) == ["none"])
    }

    @Test("changed and cut packets are read or refused", arguments: 1...10 as ClosedRange<UInt64>)
    func mutants(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let valid = [
            "42/,12[\"ss-join\",\"/dns4/é\"]", "452-/x,[\"a\",{\"_placeholder\":true}]", "40/n?x=1,{\"a\":[]}",
        ]
        for packet in valid {
            for bytes in random.mutations(of: Array(packet.utf8), count: 20) {
                let client = try connect(4)
                try client.send(bytes, opcode: .text)
                client.cut()
            }
        }
        #expect(world.engine.sessionCount == 0)
        #expect(world.service.sockets.isEmpty)
    }
}
