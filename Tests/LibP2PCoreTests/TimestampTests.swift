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

    @Test(arguments: [
        (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"), (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
        (1_709_251_199, "Thu, 29 Feb 2024 23:59:59 GMT"), (1_735_689_599, "Tue, 31 Dec 2024 23:59:59 GMT"),
    ])
    func datesAsHTTPWritesThem(seconds: Int64, text: String) {
        #expect(Timestamp(seconds: seconds).httpDate == text)
        #expect(Timestamp(httpDate: text) == Timestamp(seconds: seconds))
    }

    @Test(arguments: [
        "", "Sun, 06 Nov 1994 08:49:37 UTC", "Sun, 06 nov 1994 08:49:37 GMT", "Sun, 31 Feb 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 24:49:37 GMT", "Sun, 06 Nov 19940 8:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994     ", "Xyz, 06 Nov 1994 08:49:37 GMT", "Sun, 6  Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37Z GMT", "Sun, é6 Nov 1994 8:49:37 GMT",
    ])
    func whatIsNoDateOfHTTP(text: String) { #expect(Timestamp(httpDate: text) == nil) }
}
