import Foundation
import Testing

extension RealPeers {
    /// Who sends junk, too much, or takes nothing: their own connections pay for it, and the others signal on.
    @Suite(.timeLimit(.minutes(4)))
    struct StarHostileTests {
        @Test func packetsThatCannotBeRead() async throws {
            try await Self.besideWitnesses { node in
                let junk: [[UInt8]] = [
                    RawStar.frame("9"), RawStar.frame(""), RawStar.frame("4"), RawStar.frame("49"),
                    RawStar.frame("42[]"), RawStar.frame("42["), RawStar.frame("42{}"),
                    RawStar.frame("42[\"ss-join\",\"/star/junk\""), RawStar.frame("42[\"ss-join\" \"/star/junk\"]"),
                    RawStar.frame("42[\"ss-join\",\"\\x\"]"), RawStar.frame("45999999999-[\"a\"]"),
                    // Bytes that are no UTF-8; a frame of 2^62 bytes; one with reserved bits; an unknown kind; no mask.
                    RawStar.frame(Array("42[\"ss-join\",\"".utf8) + [0xff, 0xfe] + Array("\"]".utf8)),
                    [0x81, 0xff, 0x40, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
                    [0xf1, 0x81, 0, 0, 0, 0, 0x32], [0x83, 0x80, 0, 0, 0, 0], [0x81, 0x01, 0x32],
                    // A message over the bound, whole and in pieces.
                    RawStar.frame([UInt8](repeating: 0x34, count: 1_000_001)),
                    RawStar.frame(opcode: 0x01, [0x34])
                        + (0..<17).flatMap { _ in
                            RawStar.frame(opcode: 0x00, [UInt8](repeating: 0x32, count: 65_000))
                        },
                ]
                for generation in [3, 4] {
                    for bytes in junk {
                        let star = try await RawStar.open(node, generation: generation)
                        try? await star.socket.write(bytes)
                        do {
                            try await star.waitForEnd(within: .seconds(20))
                        } catch {
                            throw InteropError(
                                "\(generation) outlived \(String(decoding: bytes.prefix(40), as: UTF8.self))")
                        }
                    }
                }
            }
        }

        /// The connection lives, nothing happens, and what follows counts.
        @Test func packetsThatSayNothing() async throws {
            try await Self.besideWitnesses { node in
                let deep = String(repeating: "[", count: 100_000) + String(repeating: "]", count: 100_000)
                let nonsense = [
                    "42", "42[7]", "42[\"\"]", "42[\"no-such-event\",{}]", "42[\"ss-join\"]", "42[\"ss-join\",{}]",
                    "42[\"ss-join\",\"\"]", "42[\"ss-handshake\"]", "42[\"ss-handshake\",null]",
                    "42[\"ss-handshake\",{\"srcMultiaddr\":[],\"dstMultiaddr\":{}}]",
                    "42[\"ss-handshake\",{\"signal\":\(deep),\"srcMultiaddr\":\"/star/odd\",\"dstMultiaddr\":\"/star/0\"}]",
                    "42[\"ss-leave\",1,2,3]",
                ]
                for generation in [3, 4] {
                    let star = try await RawStar.open(node, generation: generation)
                    for text in nonsense { try await star.send(text) }
                    try await star.send("429[\"ss-join\",\"/star/odd\"]")
                    #expect(try await star.text { $0.hasPrefix("43") } == "439[]")
                    await star.close()
                }
            }
        }

        @Test func junkByPolling() async throws {
            try await Self.besideWitnesses { node in
                let bodies: [Int: [String]] = [
                    3: ["999999999:4", "-1:4", "1", ":", "1:9", "3:42[", "5:42[\"a", "99999999999999999999:4"],
                    4: ["9", "4\u{1e}\u{1e}", "b%%%", "42[", "40\u{1e}42[", "\u{1e}"],
                ]
                for (generation, bodies) in bodies {
                    let path = "/socket.io/?EIO=\(generation)&transport=polling"
                    for body in bodies {
                        let opening = try await HTTPAnswer.get(node.http, path).body
                        let sid = try #require(opening.firstMatch(of: /"sid":"([^"]+)"/)?.output.1)
                        let session = "\(path)&sid=\(sid)"
                        if generation == 4 { _ = try await HTTPAnswer.ask(node.http, "POST", session, body: "40") }
                        let answer = try await HTTPAnswer.ask(node.http, "POST", session, body: body)
                        // Refused, or taken and then the session is over: in either case there is no such session.
                        #expect([200, 400].contains(answer.status), "\(body)")
                        try await eventually("the session is over after \(body)", within: .seconds(10)) {
                            try await HTTPAnswer.get(node.http, session).status == 400 ? true : nil
                        }
                    }
                    // Too large a body, and a kind of body that the protocol does not have.
                    let opening = try await HTTPAnswer.get(node.http, path).body
                    let sid = try #require(opening.firstMatch(of: /"sid":"([^"]+)"/)?.output.1)
                    let large = String(repeating: "4", count: 1_000_001)
                    #expect(
                        try await HTTPAnswer.ask(node.http, "POST", "\(path)&sid=\(sid)", body: large).status == 413)
                }
                let opening = try await HTTPAnswer.get(node.http, RawStarTests.polling4).body
                let sid = try #require(opening.firstMatch(of: /"sid":"([^"]+)"/)?.output.1)
                let binary = try await HTTPAnswer.ask(
                    node.http, "POST", "\(RawStarTests.polling4)&sid=\(sid)",
                    fields: ["Content-Type": "application/octet-stream"], body: "40")
                #expect(binary.status == 400)
            }
        }

        /// Many events at once are somebody's busy moment; events without end are cut off.
        @Test func floods() async throws {
            try await Self.besideWitnesses { node in
                let burst = try await RawStar.join(node, generation: 4, as: "/star/burst")
                let offer =
                    "42[\"ss-handshake\",{\"srcMultiaddr\":\"/star/burst\",\"dstMultiaddr\":\"/star/nobody\",\"signal\":{}}]"
                try await burst.socket.write((0..<998).flatMap { _ in RawStar.frame(offer) })
                for _ in 0..<998 {
                    #expect(try await burst.text { $0.contains("ws-handshake") }.contains("peer is not available"))
                }
                let flood = try await RawStar.join(node, generation: 3, as: "/star/flood")
                let events = (0..<2000).flatMap { _ in RawStar.frame("42[\"ss-join\",\"/star/flood\"]") }
                await #expect(throws: (any Error).self) {
                    for _ in 0..<100 {
                        try await flood.socket.write(events, within: .seconds(20))
                        if flood.socket.hasEnded { throw InteropError("cut off") }
                    }
                }
                // Sessions that are opened and left alone.
                for _ in 0..<1000 { _ = try await HTTPAnswer.get(node.http, RawStarTests.polling3) }
            }
        }

        /// Whoever does not read gets no more than a bound, and is closed then.
        @Test func slowReaders() async throws {
            try await Lab.open { lab in
                let node = try await lab.node()
                let witnesses = try await Self.witnesses(lab, node)
                let watch = try HealthWatch(node, lab)
                var slow: [RawStar] = []
                for generation in [3, 4] {
                    let star = try await RawStar.join(
                        node, generation: generation, as: "/star/slow/\(generation)", receiveBuffer: 4096)
                    try await star.socket.stopReading()
                    slow.append(star)
                }
                // Well over what the operating system takes for a socket that is not read (4 MiB), for each.
                let sender = try await RawStar.join(node, generation: 4, as: "/star/sender")
                let signal = String(repeating: "v", count: 200_000)
                for number in 0..<100 {
                    try await sender.send(
                        "42[\"ss-handshake\",{\"srcMultiaddr\":\"/star/sender\","
                            + "\"dstMultiaddr\":\"/star/slow/\(3 + number % 2)\",\"signal\":\"\(signal)\"}]")
                    if number % 25 == 24 { try await witnesses[0].exchange(with: witnesses[1]) }
                }
                // Long before their heartbeats would end them.
                try await eventually("both slow readers are gone", within: .seconds(20)) {
                    let report = try JSONValue(parsing: try await HTTPAnswer.get(node.admin, "/api/star").body)
                    return report["peers"] == 3 ? true : nil
                }
                try await witnesses[1].exchange(with: witnesses[0])
                try await watch.expectHealthy()
                for star in slow { await star.close() }
            }
        }

        private static func witnesses(_ lab: Lab, _ node: NodeProcess) async throws -> [StarPeer] {
            let witnesses = try await lab.starPeers([.webSocket4, .polling5], at: node)
            for peer in witnesses { try await peer.join() }
            return witnesses
        }

        /// Does harm while two peers are at the star, who notice nothing.
        private static func besideWitnesses(_ harm: (NodeProcess) async throws -> Void) async throws {
            try await Lab.open { lab in
                let node = try await lab.node()
                let witnesses = try await Self.witnesses(lab, node)
                try await witnesses[0].exchange(with: witnesses[1])
                let watch = try HealthWatch(node, lab)
                try await harm(node)
                try await witnesses[0].exchange(with: witnesses[1])
                try await witnesses[1].exchange(with: witnesses[0])
                try await watch.expectHealthy()
                for peer in witnesses {
                    #expect(!peer.process.logTail.contains { $0.contains("\"disconnected\"") }, "\(peer.manner)")
                }
            }
        }
    }
}
