import LibP2PIdentity
import NIOCore
import Testing

@testable import LibP2PPubSub

struct CacheTests {
    private func id(_ number: Int) -> MessageID { MessageID(bytes: [UInt8(number >> 8), UInt8(number & 0xff)]) }
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000_000)

    @Test func idsAreSeenForATime() {
        var seen = SeenCache(lifetime: .seconds(120), limit: 100)
        let isNew = [seen.insert(id(1), at: start), seen.insert(id(1), at: start + .seconds(60))]
        #expect(isNew == [true, false])
        seen.expire(at: start + .seconds(119))
        #expect(seen.contains(id(1)))
        // Seeing it again does not make it younger.
        seen.expire(at: start + .seconds(120))
        #expect(!seen.contains(id(1)))
        for number in 0..<300 { _ = seen.insert(id(number), at: start) }
        #expect(seen.count == 100)
        #expect(!seen.contains(id(199)) && seen.contains(id(200)))
    }

    @Test func messagesAreKeptForFiveHeartbeatsAndGossipedForThree() throws {
        var cache = MessageCache(length: 5, gossip: 3, limit: 1_000)
        let peer = try key(1).peerID
        let frame = ByteBuffer(bytes: [1, 2, 3])
        cache.insert(id(1), topic: "a", frame: frame)
        cache.insert(id(2), topic: "b", frame: frame)
        cache.insert(id(1), topic: "a", frame: frame)
        #expect(cache.gossip() == ["a": [id(1)], "b": [id(2)]])
        cache.shift()
        cache.shift()
        cache.insert(id(3), topic: "a", frame: frame)
        #expect(cache.gossip()["a"] == [id(3), id(1)])
        cache.shift()
        #expect(cache.gossip() == ["a": [id(3)]])
        #expect(cache.frame(of: id(1), for: peer, atMost: 3) == frame)
        cache.shift()
        cache.shift()
        #expect(cache.frame(of: id(1), for: peer, atMost: 3) == nil)
        #expect(cache.count == 1)
        #expect(cache.byteCount == 3)
    }

    @Test func aPeerGetsTheSameMessageThreeTimes() throws {
        var cache = MessageCache(length: 5, gossip: 3, limit: 1_000)
        cache.insert(id(1), topic: "a", frame: ByteBuffer(bytes: [1]))
        let answers = try (0..<5).map { _ in cache.frame(of: id(1), for: try key(1).peerID, atMost: 3) != nil }
        #expect(answers == [true, true, true, false, false])
        #expect(cache.frame(of: id(1), for: try key(2).peerID, atMost: 3) != nil)
    }

    @Test func theOldestMessagesGiveWay() throws {
        var cache = MessageCache(length: 5, gossip: 3, limit: 1_000)
        for number in 0..<100 {
            if number == 50 { cache.shift() }
            cache.insert(id(number), topic: "a", frame: ByteBuffer(bytes: [UInt8](repeating: 1, count: 100)))
            #expect(cache.byteCount <= 1_000)
        }
        #expect(cache.frame(of: id(99), for: try key(1).peerID, atMost: 3) != nil)
        #expect(cache.frame(of: id(0), for: try key(1).peerID, atMost: 3) == nil)
        #expect(cache.count == cache.gossip()["a"]?.count)
    }

    @Test func promisesAreKeptOrBroken() throws {
        var promises = PromiseTable(limit: 2)
        let one = try key(1).peerID
        let other = try key(2).peerID
        promises.expect(id(1), from: one, by: start + .seconds(3))
        promises.expect(id(1), from: other, by: start + .seconds(4))
        promises.expect(id(2), from: one, by: start + .seconds(3))
        promises.expect(id(3), from: one, by: start + .seconds(3))
        promises.keep(id(2))
        #expect(promises.takeBroken(at: start + .seconds(2)).isEmpty)
        #expect(promises.takeBroken(at: start + .seconds(3)) == [one: 1])
        #expect(promises.takeBroken(at: start + .seconds(9)) == [other: 1])
        #expect(promises.count == 0)
    }
}
