import Multiformats
import Testing

@testable import LibP2PBitswap

struct ServingQueueTests {
    private func cid(_ number: Int) throws -> CID {
        CID(codec: .raw, multihash: try .identity([UInt8(number >> 8), UInt8(number & 0xff)]))
    }

    @Test func answersTheMostUrgentFirstAndTheOlderOfEquals() throws {
        var queue = ServingQueue(limit: 10, parkingLimit: 10)
        let wants = try [1, 5, 5, 3].enumerated().map { Want(cid: try cid($0), priority: $1) }
        #expect(queue.apply(wants, isFull: false) == 0)
        #expect(queue.next() == wants[1])
        _ = queue.apply([Want(cid: try cid(9), priority: 4)], isFull: false)
        #expect(queue.next() == wants[2])
        #expect(try queue.next()?.cid == cid(9))
        #expect(queue.next() == wants[3])
        #expect(queue.next() == wants[0])
        #expect(queue.next() == nil && queue.isEmpty)
    }

    @Test func entriesAreReplacedAndCancelled() throws {
        var queue = ServingQueue(limit: 10, parkingLimit: 10)
        _ = queue.apply([.have(try cid(1)), .block(try cid(2)), .block(try cid(1))], isFull: false)
        _ = queue.apply([.cancel(try cid(2))], isFull: false)
        #expect(queue.count == 1)
        #expect(try queue.next() == .block(cid(1)))
        _ = queue.apply([.block(try cid(3))], isFull: false)
        _ = queue.apply([.block(try cid(4))], isFull: true)
        #expect(try queue.next() == .block(cid(4)))
        #expect(queue.next() == nil)
    }

    @Test func holdsNoMoreThanItsBounds() throws {
        var queue = ServingQueue(limit: 4, parkingLimit: 2)
        #expect(queue.apply(try (0..<10).map { .block(try cid($0)) }, isFull: false) == 6)
        #expect(queue.count == 4)
        while let want = queue.next() { queue.park(want) }
        #expect(queue.parkedCount == 2)
        // Churn does not make the order grow.
        for round in 0..<1000 {
            _ = queue.apply([.block(try cid(round))], isFull: false)
            _ = queue.apply([.cancel(try cid(round))], isFull: false)
        }
        #expect(queue.isEmpty)
        #expect(Mirror(reflecting: queue).descendant("order").map { ($0 as? [Multihash])?.count ?? .max } ?? 0 < 10)
    }

    @Test func parkedEntriesComeBackWithTheirBlock() throws {
        var queue = ServingQueue(limit: 4, parkingLimit: 4)
        _ = queue.apply([.block(try cid(1)), .block(try cid(2))], isFull: false)
        while let want = queue.next() { queue.park(want) }
        let arrived = queue.blockArrived(try cid(1).multihash)
        #expect(arrived)
        #expect(try queue.next() == .block(cid(1)))
        _ = queue.apply([.cancel(try cid(2))], isFull: false)
        let arrivedLate = queue.blockArrived(try cid(2).multihash)
        #expect(!arrivedLate)
    }
}
