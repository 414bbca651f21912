import Testing

/// Authenticated peers that break the muxers' rules.
@Suite(.serialized, .timeLimit(.minutes(3)))
struct HostileMuxerTests {
    /// What ends a yamux session: each is sent on a connection of its own, after a stream was opened properly.
    static let violations: [(name: String, frames: [YamuxFrame])] = [
        (
            "more than the window in one frame",
            [.data(1, [UInt8](repeating: 0, count: YamuxFrame.initialWindow + 4096))]
        ),
        (
            "more than the window in many frames, the echo never read",
            Array(repeating: .data(1, [UInt8](repeating: 0, count: 32768)), count: 64)
        ),
        ("a version that does not exist", [YamuxFrame(version: 1, type: 0, stream: 1)]),
        ("a type that does not exist", [YamuxFrame(type: 4, stream: 1)]),
        ("a stream of the wrong parity", [.open(2, "/ipfs/ping/1.0.0")]),
        ("the same stream twice", [.open(1, "/ipfs/ping/1.0.0")]),
        (
            "a length of 4 GiB",
            [YamuxFrame(type: YamuxFrame.data, stream: 1, length: .max, payload: [UInt8](repeating: 0, count: 1024))]
        ),
    ]

    @Test(arguments: violations.indices)
    func aViolationEndsTheConnection(index: Int) async throws {
        let violation = Self.violations[index]
        try await Lab.open { lab in
            let node = try await lab.node()
            let watch = try HealthWatch(node, lab)
            let connection = try await lab.tunnel(to: try node.address()).connect()
            try await connection.send([.open(1, "/ipfs/ping/1.0.0")])
            _ = try await connection.readFrame { $0.stream == 1 }
            try? await connection.send(violation.frames)
            try await connection.waitForEnd(within: .seconds(15))
            try await watch.expectHealthy()
        }
    }

    /// More than a window can say is as much as it can say.
    @Test func aWindowThatOverflows() async throws {
        try await Lab.open { lab in
            let node = try await lab.node()
            let watch = try HealthWatch(node, lab)
            let connection = try await lab.tunnel(to: try node.address()).connect()
            try await connection.send([.open(1, "/ipfs/ping/1.0.0")])
            for _ in 0..<4 {
                try? await connection.send([YamuxFrame(type: YamuxFrame.windowUpdate, stream: 1, length: .max)])
            }
            if !connection.hasEnded {
                #expect(try await connection.answersPing())
            }
            try await watch.expectHealthy()
        }
    }

    /// Streams beyond the limit are reset; the connection and its other streams may live on.
    @Test func aFloodOfStreams() async throws {
        try await Lab.open { lab in
            let node = try await lab.node()
            let watch = try HealthWatch(node, lab)
            let connection = try await lab.tunnel(to: try node.address()).connect()
            var frames: [YamuxFrame] = []
            for number in 0..<20_000 {
                let stream = UInt32(number * 2 + 1)
                frames.append(
                    number % 2 == 0
                        ? .open(stream, "/ipfs/kad/1.0.0")
                        : YamuxFrame(type: YamuxFrame.windowUpdate, flags: YamuxFrame.syn, stream: stream))
            }
            try? await connection.send(frames)
            var resets = 0
            while resets < 10_000, let frame = try? await connection.readFrame() {
                if frame.flags & YamuxFrame.reset != 0 { resets += 1 }
                if frame.type == YamuxFrame.goAway { break }
            }
            try await watch.expectHealthy()
            await connection.close()
            try await watch.expectHealthy()
        }
    }

    /// Answers to pings nobody reads are not queued without end.
    @Test func aFloodOfPingsWhoseAnswersNobodyReads() async throws {
        try await Lab.open { lab in
            let node = try await lab.node()
            let watch = try HealthWatch(node, lab)
            let connection = try await lab.tunnel(to: try node.address()).connect()
            try await connection.stopReading()
            let burst = (0..<10_000).flatMap { YamuxFrame.ping($0).bytes }
            var taken = 0
            // Until the node stops reading or ends the connection; or it may read on and answer no more.
            while taken < 300, (try? await connection.write(burst, within: .seconds(3))) != nil {
                taken += 1
            }
            try await watch.expectHealthy()
        }
    }

    /// Each stream fills its window and reads nothing: what a peer can make the node hold is its windows' sum.
    @Test func streamsThatWriteAndNeverRead() async throws {
        try await Lab.open { lab in
            let node = try await lab.node()
            let watch = try HealthWatch(node, lab)
            let connection = try await lab.tunnel(to: try node.address()).connect()
            let key = TestContent.multihash("never read")
            let question = DaemonField.encode([.varint(1, 3), .bytes(2, key)])
            let request = DaemonField.varint(UInt64(question.count)) + question
            let questions = Array(repeating: request, count: 30_000 / request.count).flatMap(\.self)
            // The node may stop reading the connection at some point; that is as good an answer as any.
            var number: UInt32 = 0
            while number < 64, !connection.hasEnded {
                let stream = number * 2 + 1
                let bytes =
                    YamuxFrame.open(stream, "/ipfs/kad/1.0.0").bytes
                    + Array(repeating: YamuxFrame.data(stream, questions).bytes, count: 6).flatMap(\.self)
                guard (try? await connection.write(bytes, within: .seconds(5))) != nil else { break }
                number += 1
            }
            try await watch.expectHealthy()
        }
    }

    @Test func aMessageThatIsTooLongEndsItsStreamOnly() async throws {
        try await Lab.open { lab in
            let node = try await lab.node()
            let watch = try HealthWatch(node, lab)
            let connection = try await lab.tunnel(to: try node.address()).connect()
            let openings: [(protocolID: String, bytes: [UInt8])] = [
                ("/ipfs/kad/1.0.0", DaemonField.varint(64 << 20)),
                ("/ipfs/kad/1.0.0", [UInt8](repeating: 0xff, count: 10)),
                ("/ipfs/kad/1.0.0", [5] + [UInt8](repeating: 0xff, count: 5)),
                ("/ipfs/id/push/1.0.0", DaemonField.varint(1 << 20)),
                ("/interop/none", []),
            ]
            for (index, opening) in openings.enumerated() {
                let stream = UInt32(index * 2 + 1)
                try await connection.send([.open(stream, opening.protocolID), .data(stream, opening.bytes)])
                if opening.bytes.isEmpty { continue }
                _ = try await connection.readFrame(within: .seconds(15)) {
                    $0.stream == stream && $0.flags & (YamuxFrame.reset | YamuxFrame.fin) != 0
                }
            }
            #expect(try await connection.answersPing())
            try await watch.expectHealthy()
        }
    }

    @Test func mplexBeyondItsLimits() async throws {
        try await Lab.open { lab in
            let node = try await lab.node()
            let watch = try HealthWatch(node, lab)
            let tunnel = try await lab.tunnel(to: try node.address(), muxer: "/mplex/6.7.0")
            // A message of more than 1 MiB; a length that never ends.
            for frame in [[0x02] + DaemonField.varint(2 << 20), [0x02] + [UInt8](repeating: 0xff, count: 16)] {
                let connection = try await tunnel.connect()
                try await connection.write([0x00, 0x00] + frame)
                try await connection.waitForEnd(within: .seconds(15))
            }
            // Streams without end, and one stream whose data nobody may be made to keep.
            let flood = try await tunnel.connect()
            try? await flood.write((0..<20_000).flatMap { DaemonField.varint(UInt64($0) << 3) + [0] })
            let stuffed = try await tunnel.connect()
            try? await stuffed.write([0x00, 0x00])
            let chunk = [0x02] + DaemonField.varint(65536) + [UInt8](repeating: 0x61, count: 65536)
            for _ in 0..<256 where !stuffed.hasEnded {
                try? await stuffed.write(chunk)
            }
            try await watch.expectHealthy()
        }
    }
}
