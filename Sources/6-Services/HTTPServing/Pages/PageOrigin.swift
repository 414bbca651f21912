import HTTPTypes
import Multiformats

/// The host, port and scheme under which a browser opened a page.
///
/// All of it is what the request says, and may be a lie: it is for the page that answers this very request, and nothing
/// else.
struct PageOrigin: Equatable {
    /// A domain name, or an IP address without brackets.
    let host: String
    /// The port, if it is not the scheme's own.
    let port: UInt16?
    /// Whether TLS leads here; `nil` when that cannot be known, since a proxy may have ended it without saying so.
    let isSecure: Bool?

    /// Reads the Host header, the scheme, and what a proxy says of it; `nil` when there is no host that a program could
    /// connect to.
    init?(_ request: HTTPRequest) {
        guard let authority = request.authority, let (host, port) = Self.split(authority) else { return nil }
        self.host = host
        self.port = port
        // A row of proxies adds to the field; the first was asked by the browser.
        let forwarded = request.headerFields.first { $0.name.canonicalName == "x-forwarded-proto" }
        isSecure =
            switch forwarded?.value.prefix(while: { $0 != "," }).lowercased() {
            case "https": true
            case "http": false
            default: request.scheme == "https" ? true : nil
            }
    }

    /// Addresses of the star for a client's configuration, each with the scheme it is for; one when the scheme is known.
    var starAddresses: [(scheme: String, address: String)] {
        let schemes = isSecure.map { [$0] } ?? [true, false]
        return schemes.map { ($0 ? "https" : "http", starAddress(isSecure: $0)) }
    }

    private func starAddress(isSecure: Bool) -> String {
        let kind =
            switch IPAddress(host) {
            case .v4?: "ip4"
            case .v6?: "ip6"
            case nil: "dns4"
            }
        return "/\(kind)/\(host)/tcp/\(port ?? (isSecure ? 443 : 80))/\(isSecure ? "wss" : "ws")/p2p-webrtc-star"
    }

    /// `name`, `name:port`, `address:port` or `[v6]:port`.
    private static func split(_ authority: String) -> (host: String, port: UInt16?)? {
        var rest = authority[...]
        var host: Substring
        if rest.hasPrefix("[") {
            guard let end = rest.firstIndex(of: "]") else { return nil }
            host = rest[rest.index(after: rest.startIndex)..<end]
            rest = rest[rest.index(after: end)...]
            guard case .v6? = IPAddress(host) else { return nil }
        } else {
            let end = rest.firstIndex(of: ":") ?? rest.endIndex
            host = rest[..<end]
            rest = rest[end...]
            // The dot that ends a name says that it is complete; a multiaddr's name always is.
            if host.hasSuffix(".") { host.removeLast() }
            guard isName(host) else { return nil }
        }
        guard !rest.isEmpty else { return (String(host), nil) }
        guard rest.removeFirst() == ":", rest.first != "+", let port = UInt16(rest), port > 0 else { return nil }
        return (String(host), port)
    }

    /// A domain name as it stands in a Host header, or an IPv4 address: nothing that means something in a multiaddr.
    private static func isName(_ text: Substring) -> Bool {
        !text.isEmpty && text.utf8.count <= 253
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"):
                    true
                default: false
                }
            }
    }
}
