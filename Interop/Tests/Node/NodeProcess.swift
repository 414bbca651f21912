import Foundation

/// Our node as a program: `waystation run --plain`, and what its lines of output say.
struct NodeProcess {
    let process: ChildProcess
    let id: String
    /// Its `listening` addresses, each with the peer id.
    let addresses: [String]
    /// URLs without a path.
    let http: String
    /// The front door over TLS, where there is one.
    let https: String?
    let admin: String

    /// The TCP or the WebSocket address.
    func address(webSocket: Bool = false) throws -> String {
        guard let address = addresses.first(where: { $0.contains("/ws/") == webSocket }) else {
            throw InteropError("the node listens on \(addresses), not on \(webSocket ? "WebSocket" : "TCP")")
        }
        return address
    }

    /// The TCP port of its libp2p listener, or of the front door.
    func port(webSocket: Bool = false) throws -> Int {
        let parts = try address(webSocket: webSocket).split(separator: "/")
        guard let index = parts.firstIndex(of: "tcp"), let port = Int(parts[index + 1]) else {
            throw InteropError("no TCP port in \(addresses)")
        }
        return port
    }

    /// Tells it to stop and waits until it has.
    func stop() async throws -> Int32 {
        process.signal(SIGTERM)
        return try await process.status(within: .seconds(40))
    }

    /// Tells it to read its files again, and waits for what it says in its log.
    func hangUp(until answer: String) async throws {
        process.signal(SIGHUP)
        _ = try await process.errors.take("`\(answer)` in the log") { lines -> Bool? in
            guard let index = lines.firstIndex(where: { $0.contains(answer) }) else { return nil }
            lines.removeFirst(index + 1)
            return true
        }
    }

    /// Ends it at once, as a power cut would.
    func kill() async throws {
        process.signal(SIGUSR1)
        _ = try await process.status(within: .seconds(40))
    }
}

extension Lab {
    /// Starts a node on loopback. With the `dataFolder` and the `port` of an earlier one it is that node again.
    ///
    /// - Parameter http: where its front door is; nil to leave that to the other flags.
    func node(
        dataFolder: String? = nil, port: Int = 0, http: String? = "127.0.0.1:0", bootstrap: [String] = [],
        _ more: [String] = []
    ) async throws -> NodeProcess {
        var arguments = [
            "run", "--plain", "--data-dir", dataFolder ?? path("data"), "--listen", "/ip4/127.0.0.1/tcp/\(port)",
            "--admin", "127.0.0.1:0", "--allow-private-addresses",
        ]
        if let http { arguments += ["--http", http] }
        arguments += bootstrap.flatMap { ["--bootstrap", $0] }
        let process = try await start(name: "waystation run", tools.waystation, arguments + more)
        let lines = try await process.output.take("the node's `ready`") { lines -> [String]? in
            guard let ready = lines.firstIndex(of: "ready") else { return nil }
            defer { lines.removeFirst(ready + 1) }
            return Array(lines[..<ready])
        }
        func values(_ name: String) -> [String] {
            lines.filter { $0.hasPrefix(name + " ") }.map { String($0.dropFirst(name.count + 1)) }
        }
        guard let id = values("peer").first, let http = values("http").first, let admin = values("admin").first else {
            throw InteropError("the node said only \(lines)")
        }
        return NodeProcess(
            process: process, id: id, addresses: values("listening"), http: http,
            https: values("https").first, admin: admin)
    }

    /// Runs one of our commands to its end.
    func waystation(_ arguments: String..., within limit: Duration = .seconds(60)) async throws -> CommandResult {
        let process = try await start(name: "waystation \(arguments.first ?? "")", tools.waystation, arguments)
        let status = try await process.status(within: limit)
        let output = try await process.output.takeUntilEnd("all output")
        let errors = try await process.errors.takeUntilEnd("all error output")
        return CommandResult(status: status, output: output, errors: errors)
    }
}

/// What a command left behind.
struct CommandResult {
    let status: Int32
    let output: [String]
    let errors: [String]

    /// The lines of output as JSON values.
    func json() throws -> [JSONValue] {
        try output.map { try JSONValue(parsing: $0) }
    }
}
