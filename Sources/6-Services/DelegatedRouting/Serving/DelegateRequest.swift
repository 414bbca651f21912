import Foundation
public import HTTPTypes
public import Multiformats
public import NIOCore

/// A request to the delegate, free of any web framework.
public struct DelegateRequest: Sendable {
    /// What is to be done.
    public var method: HTTPRequest.Method
    /// The path, percent-encoded, without the query.
    public var path: String
    /// What follows the question mark, percent-encoded.
    public var query: String
    /// The headers.
    public var headers: HTTPFields
    /// The whole body.
    public var body: ByteBuffer
    /// Who asks, after trusted proxies; nil when it has no IP address.
    public var client: IPAddress?

    /// The host that it names, with its port where it names one; empty when it names none.
    public var host: String
    /// What a gate thinks of its sender.
    var judgement: PeerGate.Judgement?

    /// Describes a request.
    public init(
        method: HTTPRequest.Method, path: String, query: String = "", headers: HTTPFields = [:],
        body: ByteBuffer = ByteBuffer(), client: IPAddress? = nil, host: String = ""
    ) {
        self.method = method
        self.path = path
        self.query = query
        self.headers = headers
        self.body = body
        self.client = client
        self.host = host
    }

    /// The parts of the path behind a prefix, decoded; nil for another path or one that can't be decoded.
    func parts(behind prefix: String) -> [String]? {
        guard path.hasPrefix(prefix), path.utf8.count <= Self.maxPathLength else { return nil }
        let pieces = path.utf8.dropFirst(prefix.utf8.count)
            .split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).map { String(Substring($0)) }
        // Nearly no path has anything to decode.
        guard path.utf8.contains(UInt8(ascii: "%")) else { return Self.withoutEnd(pieces) }
        var parts: [String] = []
        for piece in pieces {
            guard let part = piece.removingPercentEncoding else { return nil }
            parts.append(part)
        }
        return Self.withoutEnd(parts)
    }

    /// One slash at the end means nothing.
    private static func withoutEnd(_ parts: [String]) -> [String] { parts.last == "" ? parts.dropLast() : parts }

    /// The longest path that is looked at, in bytes.
    static let maxPathLength = 4096
}
