import LibP2PCore
import LibP2PMuxers
import LibP2PTesting
import Testing

@Suite struct MuxerConformanceTests {
    @Test(arguments: MuxerScenario.all, 1...5 as ClosedRange<UInt64>)
    func yamux(scenario: MuxerScenario, seed: UInt64) throws { try scenario.run(over: Yamux(), seed: seed) }

    @Test(arguments: MuxerScenario.all, 1...5 as ClosedRange<UInt64>)
    func mplex(scenario: MuxerScenario, seed: UInt64) throws { try scenario.run(over: Mplex(), seed: seed) }
}
