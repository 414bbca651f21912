public import AsyncHTTPClient
import FoundationEssentials
public import LibP2PCore
import LibP2PHTTP
public import LibP2PIdentity
public import Multiformats
import Synchronization

/// The broker of AutoTLS: it controls a domain, and writes the proof that a certificate authority asks for into it, for peers
/// that prove who they are and can be dialled.
///
/// Spec: libp2p/specs tls/autotls-client.md, with what p2p-forge does where that differs: the value is the hash that goes into
/// the record. All that a broker says is bounded, and none of it is believed: whether the record is there is seen in the
/// domain name system, and the certificate is the authority's.
public final class AutoTLSBroker: Sendable {
    /// The broker of the libp2p project.
    public static let publicURL = "https://registration.libp2p.direct"

    /// How long a request may take: the broker dials the node back before it answers.
    static let requestLimit = Duration.seconds(60)

    /// Requests of one registration: a refused token, two legs of a handshake that the node begins, and one to spare.
    private static let maxRequests = 4

    private let name: String
    private let exchange: BrokerExchange
    private let clock: WallClock
    private let auth: Mutex<PeerIDAuthClient>

    /// A broker, spoken to by `client`, whose certificate authorities are to be trusted.
    ///
    /// - Parameters:
    ///   - url: where it is, without a path.
    ///   - identity: the peer to register.
    ///   - token: what the broker wants to hear, where it is not open to all.
    ///   - userAgent: what the node calls itself.
    /// - Throws: ``CertificateError`` with `.malformed` unless `url` names a host by http or https.
    public convenience init(
        url: String, identity: PrivateKey, token: String? = nil, client: HTTPClient, userAgent: String,
        clock: WallClock = .system
    ) throws(CertificateError) {
        let base = url.hasSuffix("/") ? String(url.dropLast()) : url
        guard let host = Self.host(of: base) else {
            throw CertificateError(
                .malformed, "\(url) is no broker of AutoTLS: write http or https and a host, as \(Self.publicURL).")
        }
        var headers = ["User-Agent": userAgent]
        headers["Forge-Authorization"] = token
        self.init(
            host: host, identity: identity, clock: clock,
            exchange: BrokerAnswer.exchange(
                with: base + "/v1/_acme-challenge", by: client, headers: headers, limit: Self.requestLimit))
    }

    init(host: String, identity: PrivateKey, clock: WallClock, exchange: @escaping BrokerExchange) {
        name = host
        self.clock = clock
        self.exchange = exchange
        auth = Mutex(PeerIDAuthClient(identity: identity, hostname: host))
    }

    /// Has the broker write a proof into the peer's domain.
    ///
    /// - Parameters:
    ///   - value: the text of the record: the hash of the key authorization (RFC 8555 section 8.4).
    ///   - addresses: where the broker can dial the node.
    /// - Throws: ``CertificateError``: `.brokerFailed` when it can't be reached or does not do it, `.brokerRefused` when it
    ///   will not, or the node cannot be dialled; `.rateLimited` when it was asked too often.
    public func register(_ value: String, addresses: [Multiaddr]) async throws(CertificateError) {
        let body = try Self.body(value, addresses)
        var cookies = CookieJar()
        // A conversation of its own, so that two at a time cannot disturb one another; the token is kept.
        var auth = auth.withLock { $0 }
        for _ in 0..<Self.maxRequests {
            let isRegistration = auth.sendsBody
            let answer = try await ask(&auth, body: body, cookies: &cookies)
            do {
                guard
                    case .answered = try auth.receive(
                        status: answer.status, challenges: answer.challenges, info: answer.info)
                else { continue }
            } catch {
                self.auth.withLock { [auth] in $0 = auth }
                throw CertificateError(
                    .brokerRefused, "The broker \(name) and this node cannot authenticate one another.", cause: error)
            }
            self.auth.withLock { [auth] in $0 = auth }
            try judge(answer, addresses)
            guard isRegistration else {
                throw CertificateError(
                    .brokerFailed,
                    "The broker \(name) answers with status \(answer.status) before it knows who asks for what.")
            }
            return
        }
        throw CertificateError(.brokerFailed, "The broker \(name) wants to be convinced without end.")
    }

    private func ask(
        _ auth: inout PeerIDAuthClient, body: [UInt8], cookies: inout CookieJar
    ) async throws(CertificateError) -> BrokerAnswer {
        do {
            let answer = try await exchange(
                BrokerRequest(
                    authorization: try auth.authorization(at: clock.now), cookie: cookies.header,
                    body: auth.sendsBody ? body : nil))
            cookies.take(answer.cookies)
            return answer
        } catch {
            throw CertificateError(.brokerFailed, "The broker \(name) cannot be asked.", cause: error)
        }
    }

    private func judge(_ answer: BrokerAnswer, _ addresses: [Multiaddr]) throws(CertificateError) {
        let words = answer.text.isEmpty ? "" : ": \(answer.text)"
        switch answer.status {
        case 200..<300:
            return
        case 400:
            throw CertificateError(
                .brokerRefused,
                "The broker \(name) does not accept the registration; most likely it cannot dial any of \(addresses)\(words)"
            )
        case 403:
            throw CertificateError(
                .brokerRefused, "The broker \(name) does not serve this peer, or not without an access token\(words)")
        case 429:
            throw CertificateError(
                .rateLimited, "The broker \(name) was asked too often\(words)", retryAfter: answer.retryAfter)
        default:
            throw CertificateError(
                .brokerFailed, "The broker \(name) answers with status \(answer.status)\(words)",
                retryAfter: answer.retryAfter)
        }
    }

    /// What brokers read; they refuse any other field.
    private struct Registration: Encodable {
        let value: String
        let addresses: [String]
    }

    private static func body(_ value: String, _ addresses: [Multiaddr]) throws(CertificateError) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            return Array(
                try encoder.encode(Registration(value: value, addresses: addresses.map(\.description))))
        } catch {
            throw CertificateError(.malformed, "The registration cannot be written as JSON.", cause: error)
        }
    }

    /// Whether a text is the URL of a broker.
    public static func isURL(_ text: String) -> Bool {
        host(of: text.hasSuffix("/") ? String(text.dropLast()) : text) != nil
    }

    /// The host as requests name it, with the port where the URL has one that is not its scheme's: what both sides sign.
    static func host(of url: String) -> String? {
        guard let parts = URLComponents(string: url), let host = parts.host, !host.isEmpty, parts.path.isEmpty,
            parts.query == nil, parts.user == nil, let scheme = parts.scheme, scheme == "https" || scheme == "http"
        else { return nil }
        guard let port = parts.port, port != (scheme == "https" ? 443 : 80) else { return host }
        return "\(host):\(port)"
    }
}
