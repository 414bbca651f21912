import Dispatch
import Testing

/// Junk and broken handshakes at the front door's two ports: each ends in time, is counted once and can be told from the
/// log, nothing is left of it, and others are served meanwhile.
extension RealPeers {
    @Suite(.timeLimit(.minutes(5)))
    struct HostileTLSTests {
        /// From a handshake's beginning to its end; the rest is for a busy machine.
        static let handshakeLimit = Duration.seconds(25)

        @Test func eachPortIsToldTheOthersLanguage() async throws {
            try await Lab.open { lab in
                let watch = try await TLSDoorWatch.open(lab, ["--log-level", "debug"])
                // TLS at the plain port.
                let plain = try await Socket.connect(port: try watch.node.port(webSocket: true))
                try await plain.write(TLSHello().records())
                let answer = try await plain.readToEnd(within: Self.handshakeLimit)
                #expect(String(decoding: answer, as: UTF8.self).hasPrefix("HTTP/1.1 400"))
                try await watch.expectLogged(
                    "a client sent no HTTP request", "client=127.0.0.1", "server=\"front door\"")
                let metrics = try await HTTPAnswer.get(watch.node.admin, "/metrics").body
                #expect(metrics.contains("waystation_http_responses_total{server=\"front door\",status=\"4xx\"} 1\n"))

                // And at the port of libp2p, which waits for multistream-select.
                let peers = try await Socket.connect(port: try watch.node.port())
                try await peers.write(TLSHello().records())
                try await peers.waitForEnd(within: Self.handshakeLimit)

                // The others' at the port with TLS.
                var connections: [Socket] = []
                let others: [[UInt8]] =
                    [Array("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8), Multistream.header]
                    + (0..<20).map { [UInt8(0x80 + $0)] + Junk(seed: $0).bytes(1 + $0 * 97) }
                for bytes in others {
                    let socket = try await watch.connect()
                    try? await socket.write(bytes)
                    connections.append(socket)
                }
                let told = try await connections[0].readToEnd(within: Self.handshakeLimit)
                #expect(
                    String(decoding: told, as: UTF8.self).hasSuffix("This port speaks TLS: use https:// or wss://.\n"))
                for socket in connections.dropFirst() { try await socket.waitForEnd(within: Self.handshakeLimit) }
                try await watch.expectLogged("a client does not speak TLS", "client=127.0.0.1", "outcome=plain")
                try await watch.expectServed()
                try await watch.expectOutcomes(["plain": others.count, "completed": 2])
                try await watch.expectAtRest()
            }
        }

        @Test func whatCannotBeAgreedOnIsToldInTheLog() async throws {
            try await Lab.open { lab in
                let watch = try await TLSDoorWatch.open(lab, ["--log-level", "debug"])
                var old = TLSHello()
                (old.versions, old.ciphers) = ([0x0302], [0xc009, 0xc013])
                var weak = TLSHello()
                (weak.versions, weak.ciphers) = ([0x0303], [0x000a, 0x002f])
                for hello in [old, weak] {
                    let socket = try await watch.connect()
                    try await socket.write(hello.records())
                    // An alert, then the end.
                    #expect(try await socket.readToEnd(within: Self.handshakeLimit).first == 21)
                }
                try await watch.expectLogged("a TLS handshake failed", "UNSUPPORTED_PROTOCOL")
                try await watch.expectLogged("a TLS handshake failed", "NO_SHARED_CIPHER")
                // Names that are none.
                let names = ["", String(repeating: "a", count: 256), "two words", "a\u{0}b"]
                for name in names {
                    let socket = try await watch.connect()
                    try await socket.write(TLSHello(serverName: name).records())
                    try await socket.waitForEnd(within: Self.handshakeLimit)
                }
                try await watch.expectLogged("the first TLS message of a client is malformed", "outcome=malformed")
                // A client that does not know the authority says so, and is quoted.
                let stranger = try await lab.run("curl", "--silent", "https://localhost:\(watch.port)/")
                #expect(stranger.status == 60)
                try await watch.expectOutcomes(["failed": 3, "malformed": names.count])
                try await watch.expectAtRest()
            }
        }

        /// Who asks for a name of nobody gets the first certificate, and may make of it what it likes.
        @Test func unknownNames() async throws {
            try await Lab.open { lab in
                let watch = try await TLSDoorWatch.open(lab)
                for name in ["elsewhere.test", "xn--a.test", String(repeating: "a", count: 63) + ".test"] {
                    let way = "\(name):\(watch.port):127.0.0.1"
                    let careful = try await lab.run(
                        "curl", "--silent", "--resolve", way, "https://\(name):\(watch.port)/")
                    #expect(careful.status == 60)
                    let careless = try await lab.run(
                        "curl", "--silent", "--insecure", "--resolve", way, "--output", "/dev/null", "--write-out",
                        "%{response_code}", "https://\(name):\(watch.port)/")
                    #expect(careless.output == ["200"])
                }
                // Many at once, of names that were never seen.
                for number in 0..<300 {
                    let socket = try await watch.connect()
                    try await socket.write(TLSHello(serverName: "host-\(number).test").records())
                    #expect(try await socket.read(exactly: 1) == [22])
                    await socket.close()
                }
                try await watch.expectServed()
                try await watch.expectOutcomes(["failed": 3, "completed": 5, "aborted": 300])
                try await watch.expectAtRest()
            }
        }

        /// How far a client gets before it goes.
        private enum Stage: Int, CaseIterable {
            case connected, halfTheHello, theHello, theAnswer, theAnswerThenReset
        }

        @Test func abortedHandshakesByTheThousand() async throws {
            try await Lab.open { lab in
                let watch = try await TLSDoorWatch.open(lab)
                let lines = watch.node.process.logTail.count
                let (workers, each) = (40, 75)
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for worker in 0..<workers {
                        group.addTask {
                            for number in 0..<each {
                                let stage = Stage.allCases[(worker + number) % Stage.allCases.count]
                                try await abort(at: stage, watch)
                            }
                        }
                    }
                    group.addTask { for _ in 0..<10 { try await watch.expectServed() } }
                    try await group.waitForAll()
                }
                try await watch.expectOutcomes(["aborted": workers * each, "completed": 20])
                try await watch.expectAtRest()
                // By itself the log tells nothing of what anybody can do thousands of times.
                #expect(watch.node.process.logTail.count == lines)
            }
        }

        private func abort(at stage: Stage, _ watch: TLSDoorWatch) async throws {
            let socket = try await watch.connect()
            let hello = TLSHello().records()
            switch stage {
            case .connected: break
            case .halfTheHello: try await socket.write(Array(hello.prefix(hello.count / 2)))
            case .theHello: try await socket.write(hello)
            case .theAnswer, .theAnswerThenReset:
                try await socket.write(hello)
                #expect(try await socket.read(exactly: 1) == [22])
            }
            if stage == .theAnswerThenReset { await socket.reset() } else { await socket.close() }
        }

        /// They get all that a server says before it knows them, and say nothing more.
        @Test func silenceInTheMiddleOfTheHandshake() async throws {
            try await Lab.open { lab in
                let watch = try await TLSDoorWatch.open(lab, ["--log-level", "debug"])
                var connections: [Socket] = []
                for number in 0..<400 {
                    let socket = try await watch.connect()
                    let hello = TLSHello().records()
                    try await socket.write(number % 4 == 3 ? Array(hello.prefix(hello.count - 1)) : hello)
                    connections.append(socket)
                }
                for (number, socket) in connections.enumerated() where number % 4 != 3 {
                    #expect(try await socket.read(exactly: 1) == [22])
                }
                try await watch.expectServed()
                for socket in connections { try await socket.waitForEnd(within: Self.handshakeLimit) }
                try await watch.expectLogged("a TLS handshake took too long", "outcome=timed_out")
                try await watch.expectOutcomes(["timed_out": connections.count, "completed": 2])
                try await watch.expectAtRest()
            }
        }

        @Test func hellosInPieces() async throws {
            try await Lab.open { lab in
                let watch = try await TLSDoorWatch.open(lab)
                let whole = TLSHello().records()
                // Each byte in a packet of its own, and in a record of its own.
                for bytes in [whole, TLSHello().records(of: 1)] {
                    let socket = try await watch.connect()
                    for byte in bytes { try await socket.write([byte]) }
                    #expect(try await socket.read(exactly: 1, within: Self.handshakeLimit) == [22])
                    await socket.close()
                }
                // A byte now and then: what counts is the whole.
                var slow: [Socket] = []
                for _ in 0..<20 { slow.append(try await watch.connect()) }
                let started = ContinuousClock().now
                for byte in whole {
                    for socket in slow { try? await socket.write([byte]) }
                    if slow.allSatisfy(\.hasEnded) || ContinuousClock().now - started > Self.handshakeLimit { break }
                    await pause(.milliseconds(100))
                }
                for socket in slow { try await socket.waitForEnd(within: Self.handshakeLimit) }
                try await watch.expectServed()
                try await watch.expectOutcomes(["aborted": 2, "timed_out": slow.count, "completed": 2])
                try await watch.expectAtRest()
            }
        }

        @Test func giantHellos() async throws {
            try await Lab.open { lab in
                let watch = try await TLSDoorWatch.open(lab)
                // As long as may be.
                let long = try await watch.connect()
                try await long.write(TLSHello(padding: 15_000).records(of: 1000))
                #expect(try await long.read(exactly: 1, within: Self.handshakeLimit) == [22])
                await long.close()
                let endless: [UInt8] = [22, 3, 1, 0x40, 0, 1, 0xff, 0xff, 0xff] + [UInt8](repeating: 0, count: 16_380)
                let giants: [[UInt8]] = [
                    TLSHello(padding: 17_000).records(),
                    TLSHello(padding: 60_000).records(of: 500),
                    TLSHello(padding: 14_000).records(of: 1),
                    endless,
                    // Records that are longer than any, and empty ones.
                    [22, 3, 1, 0xff, 0xff] + [UInt8](repeating: 1, count: 65_535),
                    Array(repeating: [22, 3, 1, 0, 0], count: 10_000).flatMap(\.self),
                    // A message that begins well, and goes on as another kind of record.
                    Array(TLSHello().records(of: 100).prefix(105)) + [23, 3, 3, 0x40, 0]
                        + [UInt8](repeating: 0, count: 16_384),
                ]
                let rounds = 20
                for _ in 0..<rounds {
                    for bytes in giants {
                        let socket = try await watch.connect()
                        try? await socket.write(bytes)
                        try await socket.waitForEnd(within: Self.handshakeLimit)
                    }
                }
                try await watch.expectServed()
                try await watch.expectOutcomes(["aborted": 1, "malformed": rounds * giants.count, "completed": 2])
                try await watch.expectAtRest()
            }
        }
    }
}
