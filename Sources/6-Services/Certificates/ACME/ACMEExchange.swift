import AsyncHTTPClient
import NIOCore
import NIOHTTP1

/// One request to a certificate authority.
struct ACMERequest: Sendable {
    let url: String
    let method: HTTPMethod
    var body: [UInt8] = []
}

/// What is read of an authority's answer.
struct ACMEAnswer: Sendable {
    var status: Int
    var nonce: String?
    var location: String?
    var retryAfter: Duration?
    var body: [UInt8] = []

    /// The largest body that is read, in bytes: a chain of certificates has a quarter of that.
    private static let maxBody = 64 * 1024
}

/// Makes requests to an authority.
typealias ACMEExchange = @Sendable (ACMERequest) async throws -> ACMEAnswer

extension ACMEAnswer {
    /// How long one request may take.
    private static let limit = TimeAmount.seconds(30)

    /// Requests by an HTTP client.
    static func exchange(by client: HTTPClient, userAgent: String) -> ACMEExchange {
        { request in
            var message = HTTPClientRequest(url: request.url)
            message.method = request.method
            message.headers.add(name: "User-Agent", value: userAgent)
            if request.method == .POST {
                message.headers.add(name: "Content-Type", value: "application/jose+json")
                message.body = .bytes(request.body)
            }
            let response = try await client.execute(message, timeout: limit)
            var answer = ACMEAnswer(status: Int(response.status.code))
            answer.nonce = response.headers.first(name: "Replay-Nonce")
            answer.location = response.headers.first(name: "Location")
            answer.retryAfter = RetryAfter.duration(response)
            answer.body = Array(try await response.body.collect(upTo: maxBody).readableBytesView)
            return answer
        }
    }
}
