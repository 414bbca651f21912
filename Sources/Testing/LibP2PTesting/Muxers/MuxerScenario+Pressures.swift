import LibP2PCore
import NIOCore

extension MuxerScenario {
    /// What may wait unread on one stream, of the muxer that allows most (mplex, 4 MiB), and one more read.
    private static let mostUnread = 4 * 1024 * 1024 + 1024 * 1024

    /// What may be under way when the socket is full: its high-water mark, and what one flush adds.
    private static let mostUnderWay = 64 * 1024 + 320 * 1024

    /// One side is slower than the other, or breaks the rules.
    static let pressures: [MuxerScenario] = [
        MuxerScenario("holds a writer back for a slow reader") { pair in
            try pair.perform(atMost: .seconds(600)) { dialer, _ in
                try await withThrowingTaskGroup { group in
                    group.addTask { try await upload(1_500_000, on: dialer, to: ScenarioHandler.slowCount) }
                    try await dialer.executor.sleep(for: .milliseconds(50))
                    let unread = dialer.executor.bufferedBytes
                    try ConformanceFailure.check(unread <= mostUnread, "\(unread) bytes wait unread")
                    try await group.waitForAll()
                }
            }
        },
        MuxerScenario("serves other streams while one is not read") { pair in
            try pair.perform { dialer, _ in
                try await dialer.withStream([ScenarioHandler.stalled]) { stalled in
                    try await stalled.write([1])
                    _ = try await stalled.read(exactly: 1)
                    try await Pattern.write(200_000, to: stalled)
                    try await echo(on: dialer, rounds: 20, size: 10_000)
                    stalled.reset()
                }
            }
        },
        MuxerScenario("waits for a full socket and goes on") { pair in
            pair.dialerLink.isStuck = true
            try pair.wait(.seconds(1))
            let (dialer, executor) = (pair.dialer, pair.executor)
            executor.spawn { try? await upload(1_000_000, on: dialer, to: ScenarioHandler.count) }
            try pair.wait(.seconds(5))
            let waiting = pair.dialerLink.underWay.readableBytes
            try ConformanceFailure.check(waiting <= mostUnderWay, "\(waiting) bytes were given to a full socket")
            pair.dialerLink.isStuck = false
            try pair.perform { dialer, _ in try await upload(500_000, on: dialer, to: ScenarioHandler.count) }
        },
        MuxerScenario("gives up a socket that takes nothing") { pair in
            pair.dialerLink.isStuck = true
            try pair.perform { dialer, _ in
                try await expect(.timeout) { try await upload(1_000_000, on: dialer, to: ScenarioHandler.count) }
            }
            pair.dialerLink.isStuck = false
            try pair.settle()
            try expectEnds(pair)
        },
        MuxerScenario("survives damaged bytes") { pair in
            let (dialer, executor) = (pair.dialer, pair.executor)
            for index in 0..<4 {
                executor.spawn { try? await echo(on: dialer, rounds: 100, size: 100 + index * 100) }
            }
            var random = RandomSource(seed: pair.seed).generator
            for _ in 0..<20 {
                for link in [pair.dialerLink, pair.listenerLink] {
                    try link.collect()
                    link.corrupt { bytes in
                        guard let place = bytes.indices.randomElement(using: &random) else { return }
                        bytes[place] ^= UInt8.random(in: 1...255, using: &random)
                    }
                }
                try pair.settle()
            }
            dialer.assumeIsolated { $0.close() }
            try pair.settle()
            try expectEnds(pair)
        },
    ]
}
