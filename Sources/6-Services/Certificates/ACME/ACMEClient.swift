import FoundationEssentials
import LibP2PCore
import NIOHTTP1
import Synchronization

/// An account at a certificate authority, by which certificates are ordered.
///
/// Spec: RFC 8555. All answers are bounded; URLs in them are followed where they use the scheme of the directory's.
public final class ACMEClient: Sendable {
    private struct State {
        var directory: ACMEDirectory?
        var account: String?
        var nonces: [String] = []
    }

    /// Nonces that are kept for later requests, and how long one may be.
    private static let maxNonces = 4
    private static let maxNonceLength = 256

    /// How often a request is signed anew after its nonce was refused.
    private static let maxAttempts = 8

    let key: ACMEKey
    private let directoryURL: String
    private let contact: String?
    private let external: ExternalAccount?
    private let exchange: ACMEExchange
    private let state = Mutex(State())

    init(
        directory: String, key: ACMEKey, contact: String? = nil, external: ExternalAccount? = nil,
        exchange: @escaping ACMEExchange
    ) {
        directoryURL = directory
        self.key = key
        self.contact = contact
        self.external = external
        self.exchange = exchange
    }

    // MARK: Resources

    private struct NewAccount: Encodable {
        let termsOfServiceAgreed = true
        let contact: [String]?
        let externalAccountBinding: ExternalAccount.Binding?
    }

    /// The account's URL, from the authority where it is not known yet: it finds an account by its key.
    private func account() async throws(CertificateError) -> String {
        if let account = state.withLock({ $0.account }) { return account }
        let url = try await directory().newAccount
        let binding = try external?.binding(of: try Self.encode(key.publicForm), url: url)
        let payload = try Self.encode(
            NewAccount(contact: contact.map { ["mailto:\($0)"] }, externalAccountBinding: binding))
        let answer = try await send(payload, to: url, as: .key)
        guard let account = answer.location else {
            throw CertificateError(.authorityFailed, "The certificate authority gives the account no URL.")
        }
        state.withLock { $0.account = account }
        return account
    }

    private struct NewOrder: Encodable {
        let identifiers: [ACMEAuthorization.Identifier]
        let replaces: String?
    }

    /// Orders a certificate; the order and its URL.
    ///
    /// - Parameter replaced: the certificate in whose place the new one comes, as ``Credentials/renewalID`` names it.
    func order(
        _ names: [String], replacing replaced: String? = nil
    ) async throws(CertificateError) -> (url: String, order: ACMEOrder) {
        let directory = try await directory()
        // Only authorities that know of renewals read the field (RFC 9773, section 5).
        let replaces = directory.renewalInfo == nil ? nil : replaced
        let payload = try Self.encode(
            NewOrder(identifiers: names.map { .init(value: $0) }, replaces: replaces))
        let answer = try await post(payload, to: directory.newOrder)
        guard let url = answer.location else {
            throw CertificateError(.authorityFailed, "The certificate authority gives the order no URL.")
        }
        return (url, try Self.decode(answer))
    }

    /// Reads a resource, and how long to wait before it is read again.
    func read<Resource: Decodable>(
        _ url: String, as type: Resource.Type = Resource.self
    ) async throws(CertificateError) -> (resource: Resource, retryAfter: Duration?) {
        let answer = try await post([], to: url)
        return (try Self.decode(answer), answer.retryAfter)
    }

    /// Has the authority look at a challenge.
    func trigger(_ challenge: String) async throws(CertificateError) {
        _ = try await post(Array("{}".utf8), to: challenge)
    }

    private struct Finalization: Encodable {
        let csr: String
    }

    /// Hands in the request that the certificate is made by, in base 64.
    func finalize(_ url: String, request: String) async throws(CertificateError) {
        _ = try await post(try Self.encode(Finalization(csr: request)), to: url)
    }

    /// Fetches a certificate with its chain, as PEM.
    func certificate(_ url: String) async throws(CertificateError) -> String {
        String(decoding: try await post([], to: url).body, as: UTF8.self)
    }

    /// When the authority wants a certificate to be renewed (RFC 9773); nil where it does not say that.
    ///
    /// - Parameter certificate: as ``Credentials/renewalID`` names it.
    func renewal(of certificate: String) async throws(CertificateError) -> ACMERenewal? {
        guard let base = try await directory().renewalInfo else { return nil }
        let url = base.hasSuffix("/") ? base + certificate : "\(base)/\(certificate)"
        let answer = try await perform(ACMERequest(url: url, method: .GET))
        guard answer.status == 200 else {
            throw CertificateError(
                .authorityFailed,
                "The certificate authority's \(BrokerAnswer.printable(url.utf8)) answers \(answer.status).",
                retryAfter: answer.retryAfter)
        }
        let info: ACMERenewalInfo = try Self.decode(answer)
        guard let start = Timestamp(rfc3339: info.suggestedWindow.start.utf8),
            let end = Timestamp(rfc3339: info.suggestedWindow.end.utf8), start <= end
        else {
            throw CertificateError(
                .authorityFailed, "The certificate authority suggests to renew in a time that is none.")
        }
        return ACMERenewal(start: start, end: end, retryAfter: answer.retryAfter)
    }

    private func directory() async throws(CertificateError) -> ACMEDirectory {
        if let directory = state.withLock({ $0.directory }) { return directory }
        let answer = try await perform(ACMERequest(url: directoryURL, method: .GET))
        guard answer.status == 200 else {
            throw CertificateError(
                .authorityFailed, "The certificate authority's directory \(directoryURL) answers \(answer.status).")
        }
        let directory: ACMEDirectory = try Self.decode(answer)
        state.withLock { $0.directory = directory }
        return directory
    }

    // MARK: Messages

    private func post(_ payload: [UInt8], to url: String) async throws(CertificateError) -> ACMEAnswer {
        try await send(payload, to: url, as: .account(try await account()))
    }

    /// Sends a signed message. One whose nonce is refused is signed anew with the one that comes with the refusal.
    private func send(
        _ payload: [UInt8], to url: String, as signer: ACMEKey.Signer
    ) async throws(CertificateError) -> ACMEAnswer {
        var attempts = Self.maxAttempts
        while true {
            attempts -= 1
            let nonce = try await nonce()
            let body: [UInt8]
            do {
                body = try key.sign(payload, as: signer, url: url, nonce: nonce)
            } catch {
                throw CertificateError(.authorityFailed, "The account's key cannot sign.", cause: error)
            }
            let answer = try await perform(ACMERequest(url: url, method: .POST, body: body))
            if (200..<300).contains(answer.status) { return answer }
            let problem = try? JSONDecoder().decode(ACMEProblem.self, from: Data(answer.body))
            if problem?.kind == "badNonce", attempts > 0 { continue }
            if problem?.kind == "accountDoesNotExist" { state.withLock { $0.account = nil } }
            throw Self.error(answer, problem)
        }
    }

    private static func error(_ answer: ACMEAnswer, _ problem: ACMEProblem?) -> CertificateError {
        let words = problem?.words ?? "status \(answer.status)"
        if answer.status == 429 || problem?.kind == "rateLimited" {
            return CertificateError(
                .rateLimited, "The certificate authority was asked too often: \(words)", retryAfter: answer.retryAfter)
        }
        return CertificateError(
            answer.status >= 500 ? .authorityFailed : .authorityRefused, "The certificate authority refuses: \(words)",
            retryAfter: answer.retryAfter)
    }

    private func nonce() async throws(CertificateError) -> String {
        if let nonce = state.withLock({ $0.nonces.popLast() }) { return nonce }
        let answer = try await perform(ACMERequest(url: try await directory().newNonce, method: .HEAD))
        // It was put to the others, from where nobody else should have taken it.
        guard answer.nonce != nil, let nonce = state.withLock({ $0.nonces.popLast() }) else {
            throw CertificateError(.authorityFailed, "The certificate authority gives no nonce.")
        }
        return nonce
    }

    private func perform(_ request: ACMERequest) async throws(CertificateError) -> ACMEAnswer {
        guard request.url.hasPrefix("https://") || request.url.hasPrefix("http://") && directoryURL.hasPrefix("http://")
        else {
            throw CertificateError(
                .authorityFailed,
                "The certificate authority names \(BrokerAnswer.printable(request.url.utf8)), which is not served by TLS."
            )
        }
        do {
            let answer = try await exchange(request)
            if let nonce = answer.nonce, nonce.utf8.count <= Self.maxNonceLength {
                state.withLock { state in
                    if state.nonces.count < Self.maxNonces { state.nonces.append(nonce) }
                }
            }
            return answer
        } catch {
            throw CertificateError(
                .unreachable, "The certificate authority at \(directoryURL) cannot be asked.", cause: error)
        }
    }

    // MARK: JSON

    private static func encode(_ value: some Encodable) throws(CertificateError) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            return Array(try encoder.encode(value))
        } catch {
            throw CertificateError(.authorityFailed, "A message cannot be written as JSON.", cause: error)
        }
    }

    private static func decode<Value: Decodable>(_ answer: ACMEAnswer) throws(CertificateError) -> Value {
        do {
            return try JSONDecoder().decode(Value.self, from: Data(answer.body))
        } catch {
            throw CertificateError(
                .authorityFailed, "The certificate authority says what is no \(Value.self).", cause: error)
        }
    }
}
