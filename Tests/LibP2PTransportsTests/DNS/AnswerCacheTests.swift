import LibP2PCore
import NIOCore
import Testing

@testable import LibP2PTransports

@Suite struct AnswerCacheTests {
    private let start = NIODeadline.uptimeNanoseconds(1_000_000)
    private let answer = NameAnswer.texts(["a"])

    @Test func anAnswerLivesAsLongAsItSays() {
        var cache = AnswerCache(capacity: 4, maxLifetime: .seconds(100))
        cache.insert(answer, to: .texts(at: "a"), lifetime: .seconds(10), at: start)
        #expect(cache.answer(to: .texts(at: "a"), at: start + .seconds(9)) == answer)
        #expect(cache.answer(to: .texts(at: "a"), at: start + .seconds(10)) == nil)
        #expect(cache.answer(to: .addresses(of: "a", .any), at: start) == nil)
    }

    @Test func noAnswerLivesLongerThanTheMaximum() {
        var cache = AnswerCache(capacity: 4, maxLifetime: .seconds(100))
        cache.insert(answer, to: .texts(at: "a"), lifetime: .seconds(Int64(UInt32.max)), at: start)
        #expect(cache.answer(to: .texts(at: "a"), at: start + .seconds(100)) == nil)
    }

    @Test func theOneThatDiesFirstMakesRoom() {
        var cache = AnswerCache(capacity: 2, maxLifetime: .seconds(100))
        cache.insert(answer, to: .texts(at: "a"), lifetime: .seconds(20), at: start)
        cache.insert(answer, to: .texts(at: "b"), lifetime: .seconds(10), at: start)
        cache.insert(answer, to: .texts(at: "b"), lifetime: .seconds(12), at: start)
        cache.insert(answer, to: .texts(at: "c"), lifetime: .seconds(30), at: start)
        #expect(cache.count == 2)
        #expect(cache.answer(to: .texts(at: "b"), at: start) == nil)
        cache.insert(answer, to: .texts(at: "d"), lifetime: .seconds(30), at: start + .seconds(40))
        #expect(cache.count == 1)
    }

    @Test func nothingIsKeptWithoutRoomOrLifetime() {
        var none = AnswerCache(capacity: 0, maxLifetime: .seconds(100))
        none.insert(answer, to: .texts(at: "a"), lifetime: .seconds(10), at: start)
        var some = AnswerCache(capacity: 4, maxLifetime: .seconds(100))
        some.insert(answer, to: .texts(at: "a"), lifetime: .zero, at: start)
        #expect(none.count == 0 && some.count == 0)
    }
}
