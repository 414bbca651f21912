public import LibP2PCore

/// One thing that every muxer must do, to be tried with many seeds.
public struct MuxerScenario: Sendable, CustomStringConvertible {
    /// What the muxer must do.
    public let description: String
    private let body: @Sendable (MuxerPair) throws -> Void

    init(_ description: String, _ body: @escaping @Sendable (MuxerPair) throws -> Void) {
        self.description = description
        self.body = body
    }

    /// Everything a muxer must do.
    public static let all: [MuxerScenario] = exchanges + ends + pressures

    /// Tries it, and checks that nothing stays behind.
    ///
    /// - Throws: ``ConformanceFailure``, or what the muxer threw at the wrong time.
    public func run(over muxer: any MuxerProtocol, seed: UInt64) throws {
        let pair = try MuxerPair(muxer, seed: seed, handlers: ScenarioHandler.all)
        try body(pair)
        try pair.wait(.seconds(40))
        try ConformanceFailure.check(
            pair.streamCounts == [0, 0], "\(pair.streamCounts) streams stayed behind (seed \(seed))")
        try ConformanceFailure.check(
            pair.bufferedBytes == 0, "\(pair.bufferedBytes) bytes stayed behind (seed \(seed))")
        try pair.shutDown()
    }
}
