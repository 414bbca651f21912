import AsyncHTTPClient
import FoundationEssentials
import NIOCore
import NIOHTTP1

/// One request to an AutoTLS broker, as far as it differs from the others.
struct BrokerRequest: Sendable, Hashable {
    /// What `Authorization` says.
    var authorization: String?
    /// What `Cookie` says.
    var cookie: String?
    /// The JSON; nil for a request that only knocks.
    var body: [UInt8]?
}

/// What is read of a broker's answer.
struct BrokerAnswer: Sendable, Hashable {
    var status: Int
    /// All values of `WWW-Authenticate`.
    var challenges: [String] = []
    /// `Authentication-Info`.
    var info: String?
    /// All values of `Set-Cookie`.
    var cookies: [String] = []
    /// How long to leave the broker alone, where it says so.
    var retryAfter: Duration?
    /// The start of the body, in printable characters.
    var text = ""

    /// The longest text that is kept for the log, in characters.
    static let maxText = 200
}

/// Makes requests to a broker.
typealias BrokerExchange = @Sendable (BrokerRequest) async throws -> BrokerAnswer

extension BrokerAnswer {
    /// The largest body that is read, in bytes: brokers answer with a sentence.
    private static let maxBody = 4096
    /// Header fields of one name that are looked at.
    private static let maxFields = 8

    /// Requests to `url` by an HTTP client.
    static func exchange(
        with url: String, by client: HTTPClient, headers: [String: String], limit: Duration
    ) -> BrokerExchange {
        { request in
            var message = HTTPClientRequest(url: url)
            message.method = .POST
            for (name, value) in headers { message.headers.add(name: name, value: value) }
            if let authorization = request.authorization {
                message.headers.add(name: "Authorization", value: authorization)
            }
            if let cookie = request.cookie { message.headers.add(name: "Cookie", value: cookie) }
            if let body = request.body {
                message.headers.add(name: "Content-Type", value: "application/json")
                message.body = .bytes(body)
            }
            let response = try await client.execute(message, timeout: TimeAmount(limit))
            return try await BrokerAnswer(response)
        }
    }

    private init(_ response: HTTPClientResponse) async throws {
        status = Int(response.status.code)
        challenges = Array(response.headers["WWW-Authenticate"].prefix(Self.maxFields))
        info = response.headers.first(name: "Authentication-Info")
        cookies = Array(response.headers["Set-Cookie"].prefix(Self.maxFields))
        retryAfter = RetryAfter.duration(response)
        text = Self.printable(try await response.body.collect(upTo: Self.maxBody).readableBytesView)
    }

    /// The start of a text for the log: what others wrote must not write lines of its own there.
    static func printable(_ bytes: some Sequence<UInt8>) -> String {
        String(decoding: bytes.lazy.map { (0x20...0x7e).contains($0) ? $0 : 0x20 }.prefix(maxText), as: UTF8.self)
    }
}
