import AsyncHTTPClient
import LibP2PCore
import NIOHTTP1

/// How long a server asks to be left alone (RFC 9110, section 10.2.3): by seconds, or by a date.
enum RetryAfter {
    /// The longest time that is believed.
    static let longest = Duration.seconds(7 * 86_400)

    /// What a response's header fields say; nil when they say nothing that can be read.
    ///
    /// - Parameters:
    ///   - header: `Retry-After`.
    ///   - date: the response's own `Date`, by which a date counts; a server's clock may differ from this one's.
    ///   - now: counts when the response has no date.
    static func duration(_ header: String?, date: String?, now: Timestamp) -> Duration? {
        guard let header else { return nil }
        if let seconds = Int64(header) { return max(.zero, min(.seconds(seconds), longest)) }
        guard let time = Timestamp(httpDate: header) else { return nil }
        return max(.zero, min(time - (date.flatMap(Timestamp.init(httpDate:)) ?? now), longest))
    }

    static func duration(_ response: HTTPClientResponse, now: Timestamp = WallClock.system.now) -> Duration? {
        duration(
            response.headers.first(name: "Retry-After"), date: response.headers.first(name: "Date"), now: now)
    }
}
