import Foundation

/// What a web server answered to one request.
struct HTTPAnswer {
    let status: Int
    /// Header fields by their names in lower case.
    let fields: [String: String]
    let body: String

    /// Asks on a connection of its own.
    ///
    /// - Parameter server: a URL without a path, as the node prints it.
    static func get(_ server: String, _ path: String, fields: [String: String] = [:]) async throws -> HTTPAnswer {
        try await ask(server, "GET", path, fields: fields)
    }

    /// Asks on a connection of its own, with any method, header fields and body.
    static func ask(
        _ server: String, _ method: String, _ path: String, fields: [String: String] = [:], body: String? = nil
    ) async throws -> HTTPAnswer {
        let socket = try await connect(server)
        var request = "\(method) \(path) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        for (name, value) in fields { request += "\(name): \(value)\r\n" }
        if let body { request += "Content-Length: \(body.utf8.count)\r\n" }
        try await socket.write(Array("\(request)\r\n\(body ?? "")".utf8))
        let answer = try HTTPAnswer(String(decoding: try await socket.readToEnd(), as: UTF8.self))
        await socket.close()
        return answer
    }

    /// Begins a request whose end does not come; it is under way when this returns.
    static func hold(_ server: String, _ path: String) async throws -> Socket {
        let socket = try await connect(server)
        let head =
            "GET \(path) HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n"
        try await socket.write(Array(head.utf8))
        let line = String(decoding: try await socket.read(exactly: 12), as: UTF8.self)
        guard line == "HTTP/1.1 100" else { throw InteropError("\(server) answered \(line)") }
        return socket
    }

    private static func connect(_ server: String) async throws -> Socket {
        guard let port = server.split(separator: ":").last.flatMap({ Int($0) }) else {
            throw InteropError("no port in \(server)")
        }
        return try await Socket.connect(port: port)
    }

    private init(_ text: String) throws {
        guard let end = text.firstRange(of: "\r\n\r\n") else { throw InteropError("no HTTP: \(text)") }
        let lines = text[..<end.lowerBound].split(separator: "\r\n")
        guard let status = lines.first?.split(separator: " ").dropFirst().first.flatMap({ Int($0) }) else {
            throw InteropError("no status: \(text)")
        }
        var fields: [String: String] = [:]
        for line in lines.dropFirst() {
            let halves = line.split(separator: ":", maxSplits: 1)
            guard halves.count == 2 else { continue }
            fields[halves[0].lowercased()] = halves[1].trimmingCharacters(in: .whitespaces)
        }
        self.status = status
        self.fields = fields
        body = String(text[end.upperBound...])
    }
}
