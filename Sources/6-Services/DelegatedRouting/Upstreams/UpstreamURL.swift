import Foundation

/// Where another server of Delegated Routing V1 answers: the part of its URLs before `/providers/…`.
public struct UpstreamURL: Sendable, Hashable, CustomStringConvertible {
    private static let path = "/routing/v1"

    /// The URL without a slash at its end, and without `/routing/v1`, which all have.
    public let description: String

    /// Reads a URL as people write it: with or without the path of the protocol.
    ///
    /// - Throws: ``RoutingError`` with code ``RoutingError/Code/badInput``.
    public init(_ text: String) throws(RoutingError) {
        guard text.utf8.count <= 512, let url = URLComponents(string: text),
            let scheme = url.scheme?.lowercased(), ["http", "https"].contains(scheme),
            let host = url.host, !host.isEmpty
        else { throw RoutingError(.badInput, "write a URL as https://delegate.example.org") }
        guard url.user == nil, url.password == nil else {
            throw RoutingError(.badInput, "a name or password in a URL would be shown in logs and metrics")
        }
        guard url.query == nil, url.fragment == nil else {
            throw RoutingError(.badInput, "a URL of a server has no ? or #")
        }
        guard url.port.map({ 1...65535 ~= $0 }) ?? true else { throw RoutingError(.badInput, "there is no such port") }
        var path = Substring(url.percentEncodedPath)
        while path.hasSuffix("/") { path = path.dropLast() }
        if path.hasSuffix(Self.path) { path = path.dropLast(Self.path.count) }
        while path.hasSuffix("/") { path = path.dropLast() }
        let name = host.contains(":") && !host.hasPrefix("[") ? "[\(host)]" : host
        let port = url.port.map { ":\($0)" } ?? ""
        description = "\(scheme)://\(name.lowercased())\(port)\(path)"
    }

    /// The URL of a route, such as `/providers/bafy…`.
    func route(_ route: String) -> String { description + Self.path + route }

    /// Where a redirection leads; nil when it leaves the host, or TLS. A server that was trusted is trusted to have moved
    /// within itself, not to choose whom this node asks inside its own network.
    static func redirection(from url: String, to location: String) -> String? {
        guard location.utf8.count <= 4096, let from = URL(string: url),
            let to = URL(string: location, relativeTo: from)?.absoluteURL,
            let scheme = to.scheme?.lowercased(), scheme == "https" || scheme == "http" && from.scheme == "http",
            to.host?.lowercased() == from.host?.lowercased(), to.user == nil, to.password == nil
        else { return nil }
        // Another port of the same machine is another server, but for the step from http to https.
        guard to.port == from.port || (scheme == "https" && from.scheme == "http" && to.port == nil) else { return nil }
        return to.absoluteString
    }
}
