import Synchronization
import Testing

@testable import LibP2PHost

@Suite struct HandshakeTableTests {
    @Test func theOldestGivesWay() {
        let cancelled = Mutex<[Int]>([])
        var table = HandshakeTable(limit: 2)
        let first = table.begin { cancelled.withLock { $0.append(1) } }
        let second = table.begin { cancelled.withLock { $0.append(2) } }
        #expect(first.evicted == nil && second.evicted == nil)
        let third = table.begin { cancelled.withLock { $0.append(3) } }
        third.evicted?()
        #expect(cancelled.withLock { $0 } == [1])
        #expect(table.count == 2)
    }

    @Test func anEndedHandshakeMakesRoom() {
        var table = HandshakeTable(limit: 1)
        let first = table.begin {}
        table.end(first.ticket)
        table.end(first.ticket)
        #expect(table.begin {}.evicted == nil)
        #expect(table.count == 1)
    }

    @Test func zeroIsUnlimited() {
        var table = HandshakeTable(limit: 0)
        for _ in 0..<1000 { #expect(table.begin {}.evicted == nil) }
    }
}
