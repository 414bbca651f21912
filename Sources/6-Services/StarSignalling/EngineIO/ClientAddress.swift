package import Multiformats

/// Where a client is when proxies stand between.
package enum ClientAddress {
    /// A list may be as long as the headers are; a chain of proxies is not.
    private static let maxHops = 16

    /// The address of the client behind trusted proxies.
    ///
    /// Each proxy appends the address that it was asked from to `X-Forwarded-For`, so the list is believed from its end, as
    /// far as those who wrote it are trusted. What a stranger wrote himself is never believed.
    ///
    /// - Parameters:
    ///   - peer: who opened the connection.
    ///   - forwarded: the header's fields, in their order.
    ///   - trusted: the proxies.
    package static func resolve(peer: IPAddress?, forwarded: [String], trusted: [IPPrefix]) -> IPAddress? {
        guard var client = peer?.unmapped, isTrusted(client, trusted) else { return peer?.unmapped }
        let hops = forwarded.flatMap { $0.split(separator: ",") }.suffix(maxHops)
        for hop in hops.reversed() {
            guard let address = address(hop) else { return client }
            client = address
            if !isTrusted(address, trusted) { return client }
        }
        return client
    }

    private static func isTrusted(_ address: IPAddress, _ trusted: [IPPrefix]) -> Bool {
        trusted.contains { $0.contains(address) }
    }

    /// An address with spaces around it, which some proxies write with a port: `192.0.2.1:80`, `[2001:db8::1]:80`.
    private static func address(_ hop: Substring) -> IPAddress? {
        var text = hop.drop { $0 == " " || $0 == "\t" }
        while text.last == " " || text.last == "\t" { text.removeLast() }
        if text.first == "[", let end = text.firstIndex(of: "]") {
            text = text[text.index(after: text.startIndex)..<end]
        } else if text.contains("."), let colon = text.firstIndex(of: ":"), colon == text.lastIndex(of: ":") {
            text = text[..<colon]
        }
        return IPAddress(text)?.unmapped
    }
}
