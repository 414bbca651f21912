import LibP2PCore
import LibP2PTesting
import NIOCore
import Synchronization
import Testing

@testable import StarSignalling

@Suite("The roster of several nodes agrees on who holds an address")
struct StarRosterTests {
    static func roster(_ seed: UInt64 = 1, at seconds: Int64 = 1000) -> StarRoster {
        StarRoster(
            node: StarNodeID(RandomSource(seed: seed)), limit: 0, listed: 256,
            clock: WallClock { Timestamp(seconds: seconds) }, announce: { _ in })
    }

    let address = StarAddress(bytes: Array("/a".utf8))
    let elsewhere = StarNodeID(RandomSource(seed: 77))

    @Test("the newest join wins, in whatever order they are heard of")
    func newest() throws {
        let address = try #require(address)
        let stamps = (1...4).map { JoinStamp(time: UInt64($0), node: elsewhere) }
        let roster = Self.roster()
        #expect(roster.joinedElsewhere(address, stamps[1], isAnnounced: true))
        #expect(!roster.joinedElsewhere(address, stamps[0], isAnnounced: true))
        #expect(roster.joinedElsewhere(address, stamps[2], isAnnounced: true))
        #expect(roster.directory[address]?.stamp == stamps[2])
        #expect(roster.remoteCount == 1)
        roster.leftElsewhere(address, stamps[1])
        #expect(roster.remoteCount == 1)
        roster.leftElsewhere(address, stamps[3])
        #expect(roster.remoteCount == 0)
    }

    @Test("nobody speaks for this node, nor from the far future")
    func strangers() throws {
        let address = try #require(address)
        let roster = Self.roster()
        #expect(!roster.joinedElsewhere(address, JoinStamp(time: 1, node: roster.node), isAnnounced: true))
        #expect(!roster.joinedElsewhere(address, JoinStamp(time: .max, node: elsewhere), isAnnounced: true))
        #expect(roster.remoteCount == 0)
    }

    @Test("a join here is newer than one that was heard of, even when that node's clock is ahead")
    func clocks() throws {
        try Simulation.run { simulation in
            let laboratory = StarLaboratory(simulation)
            let roster = laboratory.hub.roster
            let address = try #require(address)
            let ahead = UInt64(simulation.clock.now.seconds + 60) * 1_000_000
            #expect(roster.joinedElsewhere(address, JoinStamp(time: ahead, node: elsewhere), isAnnounced: true))
            let peer = laboratory.peer("/a")
            #expect(roster.directory[address]?.holder.isLocal == true)
            #expect((roster.localCount, roster.remoteCount) == (1, 0))
            // And the other way round.
            #expect(roster.joinedElsewhere(address, JoinStamp(time: ahead + 2, node: elsewhere), isAnnounced: true))
            #expect((roster.localCount, roster.remoteCount) == (0, 1))
            peer.disconnect()
            #expect((roster.localCount, roster.remoteCount) == (0, 1))
            roster.forgetElsewhere { $1.node == elsewhere }
            #expect((roster.localCount, roster.remoteCount) == (0, 0))
            #expect(roster.page(after: 0).serials.isEmpty)
        }
    }
}
