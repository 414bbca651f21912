import Foundation

/// A peer at the star in a process of its own, on python-socketio: `Interop/python/star.py`.
struct StarPeer {
    /// How it speaks to the server.
    struct Manner: CustomStringConvertible, Hashable, Sendable {
        /// python-socketio's generation: 4 is that of 2020 (Engine.IO 3), 5 is today's (Engine.IO 4).
        let generation: Int
        /// `polling`, `websocket`, or `upgrade`: polling first, then WebSocket.
        let transport: String
        /// The newer of the reference server's two paths.
        var isNext = false

        var description: String { "socket.io\(isNext ? "-next" : "") \(generation) by \(transport)" }

        static let webSocket4 = Manner(generation: 4, transport: "websocket")
        static let webSocket5 = Manner(generation: 5, transport: "websocket")
        static let polling4 = Manner(generation: 4, transport: "polling")
        static let polling5 = Manner(generation: 5, transport: "polling")
        static let all = [
            webSocket4, polling5, polling4, webSocket5, Manner(generation: 5, transport: "upgrade", isNext: true),
            Manner(generation: 4, transport: "upgrade"),
        ]
    }

    let process: ChildProcess
    let manner: Manner
    /// What it joins the star as.
    let address: String

    /// The server has taken it when this returns.
    func join() async throws {
        try await request("ss-join", .string(address))
    }

    /// The server has taken it when this returns.
    func leave() async throws {
        try await request("ss-leave")
    }

    /// Sends an event and waits for its acknowledgement.
    func request(_ event: String, _ arguments: JSONValue...) async throws {
        try await process.call("request", ["event": .string(event), "arguments": .array(arguments)])
    }

    func emit(_ event: String, _ arguments: JSONValue...) async throws {
        try await process.call("emit", ["event": .string(event), "arguments": .array(arguments)])
    }

    /// Waits until the server tells it of a peer, and forgets that it did.
    func hears(of other: String, within limit: Duration = .seconds(30)) async throws {
        let event = StarEvent("ws-peer", .string(other))
        _ = try await process.output.take("\(manner) hears of \(other)", within: limit) { lines in
            lines.firstIndex { StarEvent($0) == event }.map { lines.remove(at: $0) }
        }
    }

    /// Waits until the server has told it of a peer `count` times, and takes all events up to then.
    func events(untilHearing count: Int, of other: String) async throws -> [StarEvent] {
        let event = StarEvent("ws-peer", .string(other))
        let lines = try await process.output.take("\(manner) hears of \(other) \(count) times") { lines in
            let places = lines.indices.filter { StarEvent(lines[$0]) == event }
            guard places.count >= count else { return [String]?.none }
            defer { lines.removeFirst(places[count - 1] + 1) }
            return Array(lines[...places[count - 1]])
        }
        return lines.compactMap { StarEvent($0) }
    }

    /// The next handshake that the server passes to it.
    func handshake(within limit: Duration = .seconds(30)) async throws -> JSONValue {
        try await process.output.take("a handshake for \(manner)", within: limit) { lines in
            for (place, line) in lines.enumerated() {
                guard let event = StarEvent(line), event.name == "ws-handshake" else { continue }
                lines.remove(at: place)
                return event.arguments.first ?? .null
            }
            return nil
        }
    }

    /// Offers and is answered; what both get is what was sent, unknown members included.
    func exchange(with other: StarPeer) async throws {
        let offer = offer(to: other.address)
        try await emit("ss-handshake", offer)
        try expectSame(try await other.handshake(), offer)
        let answer = offer.with([
            "answer": .bool(true), "signal": .object(["type": "answer", "sdp": "v=0\r\n☎"]),
        ])
        try await other.emit("ss-handshake", answer)
        try expectSame(try await handshake(), answer)
    }

    /// Offers to somebody who is not there, and is told so.
    func expectAbsent(_ other: String) async throws {
        let offer = offer(to: other)
        try await emit("ss-handshake", offer)
        try expectSame(try await handshake(), offer.with(["err": "peer is not available"]))
    }

    func offer(to other: String) -> JSONValue {
        .object([
            "intentId": .string("\(UInt64.random(in: 0 ... .max))"), "srcMultiaddr": .string(address),
            "dstMultiaddr": .string(other), "signal": .object(["type": "offer", "sdp": "v=0\r\n\"é\""]),
            "unknown": .array([1, .null, .object([:])]),
        ])
    }

    /// Ends it at once: the operating system closes what it had open, and nobody says goodbye.
    func kill() async throws {
        process.signal(SIGKILL)
        _ = try await process.status()
    }

    private func expectSame(_ got: JSONValue, _ sent: JSONValue) throws {
        guard got == sent else { throw InteropError("\(manner): got \(got) for \(sent)") }
    }
}

/// A line in which the driver tells what the server said.
struct StarEvent: Equatable {
    let name: String
    let arguments: [JSONValue]

    init(_ name: String, _ arguments: JSONValue...) {
        self.name = name
        self.arguments = arguments
    }

    init?(_ line: String) {
        guard line.hasPrefix("{\"event\""), let value = try? JSONValue(parsing: line), let name = value["event"]?.string
        else { return nil }
        self.name = name
        arguments = value["arguments"]?.array ?? []
    }
}

extension JSONValue {
    /// The object with other members in it.
    func with(_ members: [String: JSONValue]) -> JSONValue {
        guard case .object(let own) = self else { return self }
        return .object(own.merging(members) { $1 })
    }
}

extension ChildProcess {
    /// Makes a call of a driver that answers in order, and tells of events in between.
    @discardableResult
    func call(
        _ name: String, _ arguments: [String: JSONValue] = [:], within limit: Duration = .seconds(70)
    ) async throws -> JSONValue {
        let answer = try await exchange(name, arguments, within: limit)
        if let error = answer["error"]?.string { throw InteropError("\(self.name) could not \(name): \(error)") }
        return answer["result"] ?? .null
    }

    /// Makes a call as ``call(_:_:within:)`` does, and hands out the answer as it is.
    func exchange(
        _ name: String, _ arguments: [String: JSONValue] = [:], within limit: Duration = .seconds(70)
    ) async throws -> JSONValue {
        let request = JSONValue.object(arguments.merging(["call": .string(name)]) { $1 })
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        try send(String(decoding: try encoder.encode(request), as: UTF8.self))
        let line = try await output.take("the answer of \(self.name) to \(name)", within: limit) { lines in
            lines.firstIndex { !$0.hasPrefix("{\"event\"") }.map { lines.remove(at: $0) }
        }
        return try JSONValue(parsing: line)
    }
}

extension Lab {
    /// A peer whose socket is connected to a node's star, and which has not joined yet.
    func starPeer(_ manner: StarPeer.Manner, at node: NodeProcess, as address: String) async throws -> StarPeer {
        let process = try await start(
            name: "\(manner) as \(address)", tools.python, [tools.pythonScript("star.py")], readsInput: true,
            environment: ["PYTHONPATH": tools.socketIO(manner.generation)])
        _ = try await process.output.take("the start of \(manner)") { lines in
            lines.isEmpty ? nil : lines.removeFirst()
        }
        let transport = try await process.call(
            "connect",
            [
                "url": .string(node.http), "transport": .string(manner.transport),
                "path": manner.isNext ? "socket.io-next" : "socket.io",
            ])
        let expected = manner.transport == "polling" ? "polling" : "websocket"
        guard transport.string == expected else { throw InteropError("\(manner) ended up with \(transport)") }
        return StarPeer(process: process, manner: manner, address: address)
    }

    /// Starts peers at once, each as `/star/NUMBER`, counted from `first`.
    func starPeers(_ manners: [StarPeer.Manner], at node: NodeProcess, first: Int = 0) async throws -> [StarPeer] {
        try await withThrowingTaskGroup(of: (Int, StarPeer).self) { group in
            for (number, manner) in manners.enumerated() {
                group.addTask {
                    (number, try await self.starPeer(manner, at: node, as: "/star/\(first + number)"))
                }
            }
            var peers: [Int: StarPeer] = [:]
            for try await (number, peer) in group { peers[number] = peer }
            return manners.indices.compactMap { peers[$0] }
        }
    }
}
