import Testing

@testable import LibP2PCore

@Suite struct TimestampTests {
    @Test func arithmeticStaysWithinWhatCanBeRepresented() {
        let start = Timestamp(seconds: 1_700_000_000)
        #expect((start + .seconds(5)).seconds == 1_700_000_005)
        #expect((start - .seconds(5)).seconds == 1_699_999_995)
        #expect(start + .seconds(5) - start == .seconds(5))
        #expect(Timestamp(seconds: .max).nanoseconds == .max)
        #expect(Timestamp(seconds: .min).nanoseconds == .min)
        #expect(Timestamp(nanoseconds: .max) + .seconds(1) == Timestamp(nanoseconds: .max))
        #expect(start + .seconds(Int64.max) == Timestamp(nanoseconds: .max))
        #expect(start - .seconds(Int64.max) < start)
    }

    @Test func aSeedRepeatsItself() {
        let (a, b, c) = (RandomSource(seed: 1), RandomSource(seed: 1), RandomSource(seed: 2))
        let first = (0..<10).map { _ in a.next() }
        #expect(first == (0..<10).map { _ in b.next() })
        #expect(first != (0..<10).map { _ in c.next() })
        #expect(RandomSource().bytes(33).count == 33)
    }
}
