import LibP2PCore
import LibP2PTesting
import NIOCore
import Testing

@testable import LibP2PRelay

struct AdvertiserTests {
    @Test func namesTheKeyThatClientsLookFor() throws {
        // Tests/Vectors/multiformats.json, namespace_cids.
        let multihash = try hex("1220245eebd20d2cd4c81b5d4ac27c73746279f436d62f3ef52c452a369e6ef7b610")
        #expect(RelayAdvertiser.multihash == multihash)
    }

    @Test func publishesAfterTheBootDelayAndOnSchedule() {
        Simulation.run { simulation in
            let loop = simulation.loop
            let start = loop.now
            let times = Box<[Int64]>([])
            let isDown = Box(true)
            let advertiser = RelayAdvertiser(
                on: simulation.executor,
                schedule: .init(bootDelay: .seconds(900), interval: .seconds(1800), retryDelay: .seconds(60))
            ) { multihash in
                #expect(multihash == RelayAdvertiser.multihash)
                times.change { $0.append((loop.now - start).nanoseconds / 1_000_000_000) }
                if isDown.value { throw NetworkError(.unreachable, "no peers yet") }
            }
            advertiser.start()
            advertiser.start()
            loop.advance(by: .seconds(1000))
            isDown.change { $0 = false }
            loop.advance(by: .seconds(4000))
            #expect(times.value == [900, 960, 1020, 2820, 4620])
            advertiser.stop()
            loop.advance(by: .seconds(4000))
            #expect(times.value.count == 5)
        }
    }
}
