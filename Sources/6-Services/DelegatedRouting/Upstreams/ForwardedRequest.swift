public import HTTPTypes

/// How delegates that list one another as upstreams know each other's requests.
///
/// A delegate names itself in `Via` (RFC 9110, 7.6.3) when it passes a question on. One that comes so is answered from the
/// own DHT alone: a question makes one step at most, whatever lists whom, and none waits for an answer to itself.
public enum ForwardedRequest {
    private static let name = "waystation-delegate"

    /// What a request that is passed on says in `Via`.
    static let via = "1.1 " + name

    /// What it says in `User-Agent`.
    static let agent = name

    /// Whether a delegate like this one passed a request on. Proxies in between add names of their own.
    public static func isMarked(_ headers: HTTPFields) -> Bool {
        headers[values: .via].contains { field in
            field.utf8.count <= 4096
                && field.lowercased().split(whereSeparator: { ", ".contains($0) }).contains { $0 == name }
        }
    }
}
