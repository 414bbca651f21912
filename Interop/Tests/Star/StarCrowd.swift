/// Thousands of peers in a process of its own: `Interop/python/crowd.py`.
struct StarCrowd {
    /// What one announcement of a peer of the crowd weighs: a text frame's head, and the event with its address.
    static let frameSize = 2 + "42[\"ws-peer\",\"/dns4/star.example/000000000\"]".utf8.count

    let process: ChildProcess

    /// Connects sockets, for peers with numbers counted from `first`; fails when one is lost.
    func connect(_ node: NodeProcess, first: Int, count: Int, within seconds: Int) async throws {
        guard let port = node.http.split(separator: ":").last.flatMap({ Int($0) }) else {
            throw InteropError("no port in \(node.http)")
        }
        let answer = try await process.call(
            "connect",
            [
                "port": JSONValue(integerLiteral: port), "first": JSONValue(integerLiteral: first),
                "count": JSONValue(integerLiteral: count), "seconds": JSONValue(integerLiteral: seconds),
            ], within: .seconds(seconds + 20))
        guard answer["connected"]?.double == Double(count), answer["lost"] == 0 else {
            throw InteropError("of \(count) peers not all connected: \(answer)")
        }
    }

    /// Lets all of them join, a wave at a time, until the first has heard of the others.
    func join(_ count: Int, wave: Int, within seconds: Int) async throws {
        let answer = try await process.call(
            "join", ["wave": JSONValue(integerLiteral: wave), "seconds": JSONValue(integerLiteral: seconds)],
            within: .seconds(seconds + 20))
        guard answer["lost"] == 0, answer["heard"]?.double ?? 0 >= Double(count - 1) else {
            throw InteropError("of \(count) peers not all joined: \(answer)")
        }
    }

    /// What each of its peers is told in a time.
    func watch(seconds: Int) async throws -> JSONValue {
        try await process.call(
            "watch",
            ["seconds": JSONValue(integerLiteral: seconds), "frame": JSONValue(integerLiteral: Self.frameSize)])
    }
}

extension Lab {
    func crowd() async throws -> StarCrowd {
        StarCrowd(
            process: try await start(
                name: "crowd", tools.python, [tools.pythonScript("crowd.py")], readsInput: true))
    }
}
