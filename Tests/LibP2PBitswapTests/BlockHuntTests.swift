import LibP2PIdentity
import NIOCore
import Testing

@testable import LibP2PBitswap

struct BlockHuntTests {
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000)
    private let peers: [PeerID]

    init() throws {
        peers = try (1...4).map { try PeerID(bytes: [0x12, 0x20] + [UInt8](repeating: $0, count: 32)) }
    }

    private func hunt(_ count: Int, old: Set<Int> = []) -> BlockHunt {
        var hunt = BlockHunt(patience: .seconds(5), limit: 3)
        for index in 0..<count { hunt.add(peers[index], answersHave: !old.contains(index)) }
        return hunt
    }

    @Test func anOnlyPeerIsAskedForTheBlockAtOnce() {
        var hunt = hunt(1)
        #expect(hunt.advance(at: start) == [.block(peers[0])])
        #expect(hunt.advance(at: start) == [])
        hunt.noteAbsence(peers[0])
        #expect(hunt.isHopeless)
    }

    @Test func severalAreAskedWhetherTheyHaveIt() {
        var hunt = hunt(3)
        #expect(hunt.advance(at: start) == [.have(peers[0]), .have(peers[1]), .have(peers[2])])
        hunt.noteAbsence(peers[0])
        #expect(hunt.advance(at: start) == [])
        hunt.noteHave(peers[2])
        #expect(hunt.advance(at: start) == [.block(peers[2])])
        hunt.noteHave(peers[1])
        #expect(hunt.advance(at: start + .seconds(4)) == [])
        // Too slow: the other one is asked beside it.
        #expect(hunt.advance(at: start + .seconds(5)) == [.block(peers[1])])
        #expect(hunt.cancellations(except: peers[1]) == [.cancel(peers[2])])
    }

    @Test func olderPeersAreAskedWhenNobodySaysYes() {
        var hunt = hunt(3, old: [0])
        #expect(hunt.advance(at: start) == [.have(peers[1]), .have(peers[2])])
        hunt.noteAbsence(peers[1])
        #expect(hunt.advance(at: start) == [])
        hunt.noteAbsence(peers[2])
        #expect(hunt.advance(at: start) == [.block(peers[0])])
        #expect(!hunt.isHopeless)
    }

    @Test func silentPeersAreNotWaitedForForEver() {
        var hunt = hunt(2, old: [1])
        #expect(hunt.advance(at: start) == [.have(peers[0])])
        #expect(hunt.advance(at: start + .seconds(5)) == [.block(peers[1])])
        // A late yes is still good.
        hunt.noteHave(peers[0])
        hunt.noteAbsence(peers[1])
        #expect(hunt.advance(at: start + .seconds(6)) == [.block(peers[0])])
        #expect(hunt.cancellations(except: nil) == [.cancel(peers[0])])
    }

    @Test func aPeerThatTurnsOutOldIsAskedForTheBlock() {
        var hunt = hunt(2)
        _ = hunt.advance(at: start)
        hunt.noteOldVersion(peers[0])
        #expect(hunt.advance(at: start) == [])
        hunt.noteAbsence(peers[1])
        #expect(hunt.advance(at: start) == [.block(peers[0])])
    }

    @Test func peersAreBounded() {
        var hunt = hunt(4)
        #expect(hunt.isFull && !hunt.knows(peers[3]))
        #expect(hunt.advance(at: start).count == 3)
        hunt.noteHave(peers[3])
        #expect(!hunt.awaits(peers[3]))
        #expect(hunt.advance(at: start) == [])
        #expect(hunt.awaits(peers[0]))
    }
}
