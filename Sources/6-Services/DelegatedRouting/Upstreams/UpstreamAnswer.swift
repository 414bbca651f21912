import AsyncHTTPClient
import NIOCore
import NIOHTTP1

/// What the head of another server's answer says: pure rules.
enum UpstreamAnswer: Equatable {
    /// It did what it was asked; this follows.
    case success(Content)
    /// It has nothing, or does not serve this: it is well all the same.
    case nothing
    /// It can't answer.
    case failure(String, wait: Duration?)
    /// It is to be asked elsewhere.
    case redirection(String)

    /// What the body is.
    enum Content: Equatable {
        /// Records of peers.
        case peers(AnswerForm)
        /// A record of a name.
        case record
        /// Words for people: that there is no record of a name is said so.
        case text
        /// Something else.
        case foreign(String)
    }

    static let recordType = "application/vnd.ipfs.ipns-record"

    init(_ status: Int, type: String?, location: String?, retryAfter: String?) {
        switch status {
        case 200..<300: self = .success(Self.content(type))
        case 301, 302, 303, 307, 308:
            self = location.map { .redirection($0) } ?? .failure("status \(status)", wait: nil)
        // Not found, and what it has no such route for; or a key that it knows no form of.
        case 400, 404, 405, 406, 410, 422, 501: self = .nothing
        case 429, 503:
            let seconds = retryAfter.flatMap { Int64($0) }.map { min(max($0, 0), 86_400) }
            self = .failure("status \(status)", wait: seconds.map { .seconds($0) })
        default: self = .failure("status \(status)", wait: nil)
        }
    }

    init(_ response: HTTPClientResponse) {
        self.init(
            Int(response.status.code), type: response.headers.first(name: "Content-Type"),
            location: response.headers.first(name: "Location"),
            retryAfter: response.headers.first(name: "Retry-After"))
    }

    private static func content(_ type: String?) -> Content {
        let types = MediaTypes(type)
        if types.names(AnswerForm.lines.rawValue) { return .peers(.lines) }
        if types.names(AnswerForm.json.rawValue) { return .peers(.json) }
        if types.names(recordType) { return .record }
        if types.names("text/plain") || type == nil { return .text }
        return .foreign(String(type?.prefix(80) ?? ""))
    }
}
