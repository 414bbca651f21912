import LibP2PMuxers
import LibP2PTesting
import NIOCore
import Testing

/// Mutated, truncated and random bytes, with commands in between: nothing may trap, and what a session keeps stays
/// bounded.
@Suite struct SessionFuzzTests {
    @Test(arguments: 0..<200 as Range<UInt64>) func yamux(seed: UInt64) {
        fuzz(YamuxSession(isInitiator: seed.isMultiple(of: 2)), corpus: Array(MuxerVectors.yamux.values), seed: seed)
    }

    @Test(arguments: 0..<200 as Range<UInt64>) func mplex(seed: UInt64) {
        fuzz(MplexSession(), corpus: Array(MuxerVectors.mplex.values), seed: seed)
    }

    private func fuzz(_ session: some MuxerSession, corpus: [[UInt8]], seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let corpus = corpus.sorted { $0.lexicographicallyPrecedes($1) }
        var driver = SessionDriver(session)
        var known: [StreamHandle] = []
        var wasFailed = false
        for _ in 0..<200 {
            let events = driver.feed(input(from: corpus, &random))
            #expect(!wasFailed || events.isEmpty, "a failed session says nothing (seed \(seed))")
            for case .opened(let handle) in events { known.append(handle) }
            command(&driver, &known, &random)
            if Bool.random(using: &random) { _ = driver.drain() }
            wasFailed = driver.session.failure != nil
        }
        #expect(driver.session.streamCount <= known.count)
        for handle in known { driver.session.reset(handle) }
        #expect(driver.session.streamCount == 0, "seed \(seed)")
    }

    private func input(from corpus: [[UInt8]], _ random: inout SeededGenerator) -> [UInt8] {
        var bytes = corpus.randomElement(using: &random) ?? []
        switch Int.random(in: 0..<10, using: &random) {
        case 0: bytes = Array(bytes.prefix(Int.random(in: 0...bytes.count, using: &random)))
        case 1:
            bytes = (0..<Int.random(in: 0..<64, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
        case 2...4:
            if let place = bytes.indices.randomElement(using: &random) {
                bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            }
        default: break
        }
        return bytes
    }

    private func command(
        _ driver: inout SessionDriver<some MuxerSession>, _ known: inout [StreamHandle], _ random: inout SeededGenerator
    ) {
        let count = Int.random(in: 0..<300_000, using: &random)
        guard let handle = known.randomElement(using: &random), !Int.random(in: 0..<8, using: &random).isMultiple(of: 8)
        else {
            if let opened = try? driver.session.open() { known.append(opened) }
            return
        }
        switch Int.random(in: 0..<6, using: &random) {
        case 0, 1: driver.session.setQueued(count, on: handle)
        case 2: driver.session.consume(count, on: handle)
        case 3: driver.session.finish(handle)
        case 4: driver.session.tick()
        default: driver.session.reset(handle)
        }
    }
}
