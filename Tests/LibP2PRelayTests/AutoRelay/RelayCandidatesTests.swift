import LibP2PCore
import LibP2PIdentity
import Multiformats
import NIOCore
import Testing

@testable import LibP2PRelay

struct RelayCandidatesTests {
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000)

    private func given(_ numbers: UInt8...) throws -> RelayCandidates {
        RelayCandidates(
            given: try numbers.map { try Multiaddr("/ip4/192.0.2.1/tcp/4001").circuit(through: peer($0)) })
    }

    @Test func thoseGivenComeFirstInTheirOrder() throws {
        var candidates = try given(5, 4)
        candidates.met(try peer(1), version: 1, now: start)
        candidates.met(try peer(2), version: 2, now: start)
        candidates.met(try peer(3), version: 2, now: start)
        var used: Set<PeerID> = []
        var order: [PeerID] = []
        while let next = candidates.next(excluding: used, now: start) {
            order.append(next.relay)
            used.insert(next.relay)
        }
        #expect(order == [try peer(5), try peer(4), try peer(2), try peer(3), try peer(1)])
    }

    @Test func oneThatRefusesRestsForAnHour() throws {
        var candidates = try given(1)
        let relay = try peer(1)
        candidates.failed(relay, refused: true, now: start)
        #expect(candidates.next(excluding: [], now: start + .minutes(59)) == nil)
        #expect(candidates.next(excluding: [], now: start + .minutes(60))?.relay == relay)
    }

    @Test func oneThatIsNotReachedRestsLongerEachTime() throws {
        var candidates = try given(1)
        let relay = try peer(1)
        var now = start
        for minutes in [1, 2, 4, 8, 16, 32, 60, 60] as [Int64] {
            candidates.failed(relay, refused: false, now: now)
            #expect(candidates.next(excluding: [], now: now + .minutes(minutes) - .seconds(1)) == nil)
            now = now + .minutes(minutes)
            #expect(candidates.next(excluding: [], now: now)?.relay == relay)
        }
        candidates.succeeded(relay)
        candidates.failed(relay, refused: false, now: now)
        #expect(candidates.next(excluding: [], now: now + .minutes(1))?.relay == relay)
    }

    @Test func remembersSoManyAndMakesRoomOfThoseThatRest() throws {
        var candidates = try given(200)
        for number in 1...UInt8(RelayCandidates.maxMet) { candidates.met(try peer(number), version: 2, now: start) }
        candidates.met(try peer(100), version: 2, now: start)
        #expect(candidates.all.count == RelayCandidates.maxMet + 1)
        #expect(candidates.all[try peer(100)] == nil)
        candidates.failed(try peer(7), refused: true, now: start)
        candidates.met(try peer(100), version: 2, now: start)
        #expect(candidates.all[try peer(7)] == nil)
        #expect(candidates.all[try peer(100)] != nil)
        #expect(candidates.all[try peer(200)] != nil)
    }

    @Test func addressesThatNameNoRelayAreLeftOut() throws {
        let candidates = RelayCandidates(given: [
            try Multiaddr("/ip4/192.0.2.1/tcp/4001/p2p-circuit"), try Multiaddr("/ip4/192.0.2.1/tcp/4001"),
        ])
        #expect(candidates.all.isEmpty)
    }
}
