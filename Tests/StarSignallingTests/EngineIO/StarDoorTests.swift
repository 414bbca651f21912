import NIOCore
import NIOPosix
import Testing

@testable import StarSignalling

@Suite("An engine behind the real HTTP server", .timeLimit(.minutes(1)))
struct StarDoorTests {
    /// A connection of a client that sends and sees exact bytes.
    private final class Wire {
        private let channel: NIOAsyncChannel<ByteBuffer, ByteBuffer>
        private var parts: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator
        private let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
        private var unread = ""

        private init(
            _ channel: NIOAsyncChannel<ByteBuffer, ByteBuffer>, _ inbound: NIOAsyncChannelInboundStream<ByteBuffer>,
            _ outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
        ) {
            self.channel = channel
            parts = inbound.makeAsyncIterator()
            self.outbound = outbound
        }

        static func use<Result>(_ door: StarDoor, _ body: (Wire) async throws -> Result) async throws -> Result {
            let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .connect(to: door.address) { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                    }
                }
            return try await channel.executeThenClose { inbound, outbound in
                try await body(Wire(channel, inbound, outbound))
            }
        }

        func send(_ text: String) async throws { try await outbound.write(ByteBuffer(string: text)) }

        /// A text frame, with a mask that changes nothing.
        func send(frame text: String) async throws {
            var frame = ByteBuffer(bytes: [0x81, 0x80 | UInt8(text.utf8.count), 0, 0, 0, 0])
            frame.writeString(text)
            try await outbound.write(frame)
        }

        /// What came, up to and with a text.
        func read(to end: String) async throws -> String {
            while true {
                if let range = unread.firstRange(of: end) {
                    defer { unread = String(unread[range.upperBound...]) }
                    return String(unread[..<range.upperBound])
                }
                guard let part = try await parts.next(isolation: #isolation) else { return unread }
                // Frames' headers are not UTF-8; what is compared is.
                unread += String(buffer: part)
            }
        }

        func get(_ query: String) async throws {
            try await send("GET /socket.io/?\(query) HTTP/1.1\r\nHost: a\r\n\r\n")
        }

        func post(_ query: String, _ body: String) async throws -> String {
            try await send(
                "POST /socket.io/?\(query) HTTP/1.1\r\nHost: a\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
            return try await read(to: "ok")
        }

        func upgrade(_ query: String) async throws -> String {
            try await send(
                """
                GET /socket.io/?\(query) HTTP/1.1\r
                Host: a\r
                Connection: Upgrade\r
                Upgrade: websocket\r
                Sec-WebSocket-Version: 13\r
                Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r
                \r

                """)
            return try await read(to: "\r\n\r\n")
        }
    }

    /// Without pings: what has to be noticed is noticed without them.
    private var settings: EngineSettings {
        var settings = EngineSettings()
        settings.pingInterval = .seconds(3600)
        return settings
    }

    /// Two loops: with four connections the polls and the WebSocket of a session meet on different ones.
    @Test("a session begins on one connection, polls on another, and moves to a third", arguments: [1, 2, 3])
    func session(loops: Int) async throws {
        let service = RecordingService()
        try await StarDoor.open(settings, service: service, loops: loops) { door in
            try await Wire.use(door) { first in
                try await first.get("EIO=4&transport=polling")
                let greeting = try await first.read(to: "}")
                let query = "EIO=4&sid=\(sid(in: greeting))"
                try await Wire.use(door) { second in
                    _ = try await second.post("\(query)&transport=polling", "40")
                    try await first.get("\(query)&transport=polling")
                    #expect(try await first.read(to: "\"}").contains("40{\"sid\":"))
                    // This poll waits for the POST.
                    try await first.get("\(query)&transport=polling")
                    _ = try await second.post("\(query)&transport=polling", #"42["echo",1]"#)
                    #expect(try await first.read(to: "]").hasSuffix(#"42["echoed",1]"#))
                    try await first.get("\(query)&transport=polling")
                    try await Wire.use(door) { third in
                        #expect(try await third.upgrade("\(query)&transport=websocket").hasPrefix("HTTP/1.1 101"))
                        try await third.send(frame: "2probe")
                        _ = try await third.read(to: "3probe")
                        #expect(try await first.read(to: "\r\n\r\n6").hasPrefix("HTTP/1.1 200"))
                        try await third.send(frame: "5")
                        for number in 0..<100 {
                            try await third.send(frame: #"42["echo",\#(number)]"#)
                        }
                        for number in 0..<100 {
                            #expect(try await third.read(to: "]").hasSuffix(#"42["echoed",\#(number)]"#))
                        }
                        try await first.get("\(query)&transport=polling")
                        #expect(try await first.read(to: "}").contains(#"{"code":3,"message":"Bad request"}"#))
                    }
                }
            }
            try await gone(door)
        }
        #expect(service.log.last == "disconnected")
    }

    @Test("a client that is cut off while it polls is gone at once")
    func cutOff() async throws {
        try await StarDoor.open(settings, service: RecordingService()) { door in
            try await Wire.use(door) { wire in
                try await wire.get("EIO=4&transport=polling")
                let query = "EIO=4&transport=polling&sid=\(sid(in: try await wire.read(to: "}")))"
                try await wire.get(query)
            }
            try await gone(door)
        }
    }

    @Test("a refused WebSocket is answered over HTTP")
    func refused() async throws {
        try await StarDoor.open(settings, service: RecordingService()) { door in
            try await Wire.use(door) { wire in
                let head = try await wire.upgrade("EIO=4&transport=pigeon")
                #expect(head.hasPrefix("HTTP/1.1 400"))
                let body = try await wire.read(to: "}")
                #expect(body == #"{"code":0,"message":"Transport unknown"}"#)
            }
        }
    }

    @Test("a body over the bound is answered 413")
    func tooLarge() async throws {
        try await StarDoor.open(settings, service: RecordingService()) { door in
            try await Wire.use(door) { wire in
                try await wire.send(
                    "POST /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: a\r\nContent-Length: 1000001\r\n\r\n")
                #expect(try await wire.read(to: "\r\n\r\n").hasPrefix("HTTP/1.1 413"))
            }
        }
    }

    /// Waits until no session is left. The suite's time limit ends what never happens.
    private func gone(_ door: StarDoor) async throws {
        while door.engine.sessionCount > 0 { await Task.yield() }
    }
}
