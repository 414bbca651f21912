/// A client at the star that sends exact frames and sees exact frames: a WebSocket of either generation, by hand.
struct RawStar {
    let socket: Socket

    /// Upgrades a connection to a WebSocket; nothing of engine.io has been read yet.
    static func upgrade(_ node: NodeProcess, query: String, receiveBuffer: Int? = nil) async throws -> RawStar {
        guard let port = node.http.split(separator: ":").last.flatMap({ Int($0) }) else {
            throw InteropError("no port in \(node.http)")
        }
        let socket = try await Socket.connect(port: port, receiveBuffer: receiveBuffer)
        let request =
            "GET /socket.io/?\(query) HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        try await socket.write(Array(request.utf8))
        let answer = try await socket.readHead()
        guard answer.hasPrefix("HTTP/1.1 101 ") else { throw InteropError("no WebSocket: \(answer)") }
        return RawStar(socket: socket)
    }

    /// Opens a session by WebSocket and connects the namespace.
    static func open(_ node: NodeProcess, generation: Int, receiveBuffer: Int? = nil) async throws -> RawStar {
        let query = "EIO=\(generation)&transport=websocket"
        let star = try await upgrade(node, query: query, receiveBuffer: receiveBuffer)
        _ = try await star.text { $0.hasPrefix("0{") }
        if generation == 4 { try await star.send("40") }
        _ = try await star.text { $0.hasPrefix("40") }
        return star
    }

    /// Opens a session and joins.
    static func join(
        _ node: NodeProcess, generation: Int, as address: String, receiveBuffer: Int? = nil
    ) async throws -> RawStar {
        let star = try await open(node, generation: generation, receiveBuffer: receiveBuffer)
        try await star.send("42[\"ss-join\",\"\(address)\"]")
        return star
    }

    /// Sends a text frame.
    func send(_ text: String) async throws {
        try await socket.write(Self.frame(text))
    }

    /// A frame whose mask changes nothing.
    static func frame(opcode: UInt8 = 0x81, _ payload: [UInt8]) -> [UInt8] {
        let count = payload.count
        let length: [UInt8] =
            switch count {
            case ..<126: [0x80 | UInt8(count)]
            case ..<65536: [0x80 | 126, UInt8(count >> 8), UInt8(count & 0xff)]
            default: [0x80 | 127] + (0..<8).map { UInt8(truncatingIfNeeded: count >> (56 - 8 * $0)) }
            }
        return [opcode] + length + [0, 0, 0, 0] + payload
    }

    static func frame(_ text: String) -> [UInt8] {
        frame(Array(text.utf8))
    }

    /// The next text that fits; those before it are discarded. A closed connection is an error.
    func text(within limit: Duration = .seconds(30), _ fits: (String) -> Bool = { _ in true }) async throws -> String {
        while true {
            let head = try await socket.read(exactly: 2, within: limit)
            var length = Int(head[1])
            if length == 126 {
                length = try await socket.read(exactly: 2, within: limit).reduce(0) { $0 << 8 | Int($1) }
            } else if length == 127 {
                length = try await socket.read(exactly: 8, within: limit).reduce(0) { $0 << 8 | Int($1) }
            }
            let payload = String(decoding: try await socket.read(exactly: length, within: limit), as: UTF8.self)
            guard head[0] == 0x81 else {
                if head[0] == 0x88 { throw InteropError("the server closes the WebSocket: \(Array(payload.utf8))") }
                continue
            }
            if fits(payload) { return payload }
        }
    }

    /// Waits until the server has ended the connection, answering no ping.
    func waitForEnd(within limit: Duration = .seconds(60)) async throws {
        try await socket.waitForEnd(within: limit)
    }

    func close() async {
        await socket.close()
    }
}

extension Socket {
    /// An HTTP message's first lines, up to the empty one.
    fileprivate func readHead() async throws -> String {
        var text = ""
        while !text.hasSuffix("\r\n\r\n") {
            text += String(decoding: try await read(exactly: 1), as: UTF8.self)
        }
        return text
    }
}
