import LibP2PCore
import Testing

@testable import Certificates

@Suite struct RetryAfterTests {
    private let now = Timestamp(seconds: 784_111_777)

    @Test(
        arguments: [
            ("120", .seconds(120)), ("0", .zero), ("-5", .zero), ("99999999999", RetryAfter.longest),
            ("Sun, 06 Nov 1994 08:50:37 GMT", .seconds(60)), ("Sun, 06 Nov 1994 08:48:37 GMT", .zero),
            ("Sun, 06 Nov 2094 08:49:37 GMT", RetryAfter.longest), ("soon", nil), ("", nil), (nil, nil),
            ("99999999999999999999", nil),
        ] as [(String?, Duration?)])
    func secondsAndDatesAreRead(header: String?, time: Duration?) {
        #expect(RetryAfter.duration(header, date: nil, now: now) == time)
    }

    /// A server whose clock is ten minutes late means a minute all the same.
    @Test func aDateCountsByTheServersOwnClock() {
        let time = RetryAfter.duration(
            "Sun, 06 Nov 1994 08:40:37 GMT", date: "Sun, 06 Nov 1994 08:39:37 GMT", now: now)
        #expect(time == .seconds(60))
    }
}
