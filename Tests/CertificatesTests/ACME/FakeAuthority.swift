import Crypto
import Foundation
import LibP2PCore
import Multiformats
import NIOHTTP1
import SwiftASN1
import Synchronization
import X509

@testable import Certificates

/// A certificate authority in memory: it checks signatures and nonces, looks for proofs where a ``RecordingSolver`` shows
/// them, and can be told to fail.
final class FakeAuthority: Sendable {
    private struct State {
        var nonces: Set<String> = []
        var counter = 0
        var keys: [String: P256.Signing.PublicKey] = [:]
        var orders: [Int: Order] = [:]
        var requests: [String] = []
        var failures: [Failure] = []
        var renewal: (start: Timestamp, end: Timestamp)?
        var offersRenewals = false
        var replaced: [String?] = []
        var issued = 0
        var refusedNonces = 0
    }

    private struct Order {
        let names: [String]
        var valid: Set<String> = []
        var chain: String?
    }

    /// An answer that one request gets in place of its own.
    struct Failure: Sendable {
        /// The end of the request's URL without numbers.
        let path: String
        let answer: ACMEAnswer?
    }

    /// An answer was asked for where nobody answers.
    struct Silence: Error {}

    static let base = "https://ca.example"
    static let directory = "\(base)/dir"

    private let state = Mutex(State())
    private let solver: RecordingSolver
    private let clock: WallClock
    private let validity: Duration
    private let root = P256.Signing.PrivateKey()
    private let external: (name: String, key: [UInt8])?

    init(
        solver: RecordingSolver, clock: WallClock, validity: Duration = .seconds(90 * 86_400),
        external: (name: String, key: [UInt8])? = nil
    ) {
        self.solver = solver
        self.clock = clock
        self.validity = validity
        self.external = external
    }

    /// Paths that were asked for, without numbers.
    var requests: [String] { state.withLock { $0.requests } }
    /// How many certificates were made.
    var issued: Int { state.withLock { $0.issued } }
    /// What orders said they replace.
    var replaced: [String?] { state.withLock { $0.replaced } }

    /// Has the next request for a path fail: with `answer`, or as if nobody were there.
    func fail(_ path: String, times: Int = 1, with answer: ACMEAnswer? = nil) {
        state.withLock { $0.failures += Array(repeating: Failure(path: path, answer: answer), count: times) }
    }

    /// Has all requests answered again.
    func recover() { state.withLock { $0.failures = [] } }

    /// Refuses so many good nonces.
    func refuseNonces(_ count: Int) { state.withLock { $0.refusedNonces = count } }

    /// Says when to renew from now on.
    func suggest(_ start: Timestamp, _ end: Timestamp) {
        state.withLock { state in
            state.offersRenewals = true
            state.renewal = (start, end)
        }
    }

    static func problem(_ kind: String, status: Int, retryAfter: Duration? = nil) -> ACMEAnswer {
        var answer = ACMEAnswer(status: status)
        answer.retryAfter = retryAfter
        answer.body = Array(#"{"type":"urn:ietf:params:acme:error:\#(kind)","detail":"told by the test"}"#.utf8)
        return answer
    }

    var exchange: ACMEExchange {
        { request in
            guard request.url.hasPrefix(Self.base) else { throw Silence() }
            let path = String(request.url.dropFirst(Self.base.count))
            let kind = path.split(separator: "/").first.map { "/\($0)" } ?? path
            let failure: Failure? = self.state.withLock { state in
                state.requests.append(kind)
                guard let index = state.failures.firstIndex(where: { $0.path == kind }) else { return nil }
                return state.failures.remove(at: index)
            }
            if let failure {
                guard let answer = failure.answer else { throw Silence() }
                return answer
            }
            return try self.answer(request, path, kind)
        }
    }

    // MARK: Resources

    private func answer(_ request: ACMERequest, _ path: String, _ kind: String) throws -> ACMEAnswer {
        switch kind {
        case "/dir":
            let renewal = state.withLock { $0.offersRenewals } ? #","renewalInfo":"\#(Self.base)/renewal"# + "\"" : ""
            return json(
                #"{"newNonce":"\#(Self.base)/nonce","newAccount":"\#(Self.base)/account","#
                    + #""newOrder":"\#(Self.base)/order"\#(renewal)}"#)
        case "/nonce": return ACMEAnswer(status: 200, nonce: nonce())
        case "/renewal":
            guard let renewal = state.withLock({ $0.renewal }) else { return ACMEAnswer(status: 404) }
            return json(
                #"{"suggestedWindow":{"start":"\#(renewal.start.rfc3339)","end":"\#(renewal.end.rfc3339)"}}"#)
        default: return try signed(request, path, kind)
        }
    }

    private struct Envelope: Decodable {
        let payload: String
        let protected: String
        let signature: String
    }

    private struct Header: Decodable {
        struct Key: Decodable {
            let x: String
            let y: String
        }
        let alg: String
        let jwk: Key?
        let kid: String?
        let nonce: String
        let url: String
    }

    private func signed(_ request: ACMERequest, _ path: String, _ kind: String) throws -> ACMEAnswer {
        let envelope = try JSONDecoder().decode(Envelope.self, from: Data(request.body))
        let header = try JSONDecoder().decode(Header.self, from: Data(try bytes(envelope.protected)))
        guard header.url == request.url, header.alg == "ES256", request.method == .POST else {
            return Self.problem("malformed", status: 400)
        }
        let isFresh = state.withLock { state in
            guard state.nonces.remove(header.nonce) != nil else { return false }
            guard state.refusedNonces == 0 else {
                state.refusedNonces -= 1
                return false
            }
            return true
        }
        guard isFresh else {
            var answer = Self.problem("badNonce", status: 400)
            answer.nonce = nonce()
            return answer
        }
        let key: P256.Signing.PublicKey
        if let jwk = header.jwk {
            key = try P256.Signing.PublicKey(rawRepresentation: bytes(jwk.x) + bytes(jwk.y))
        } else if let known = state.withLock({ $0.keys[header.kid ?? ""] }) {
            key = known
        } else {
            return Self.problem("accountDoesNotExist", status: 400)
        }
        let signature = try P256.Signing.ECDSASignature(rawRepresentation: bytes(envelope.signature))
        guard key.isValidSignature(signature, for: Array("\(envelope.protected).\(envelope.payload)".utf8)) else {
            return Self.problem("unauthorized", status: 403)
        }
        var answer = try resource(path, kind, payload: bytes(envelope.payload), key: key)
        answer.nonce = nonce()
        return answer
    }

    private func resource(
        _ path: String, _ kind: String, payload: [UInt8], key: P256.Signing.PublicKey
    ) throws -> ACMEAnswer {
        let number = path.split(separator: "/").dropFirst().first.flatMap { Int($0) } ?? 0
        switch kind {
        case "/account": return try account(payload, key)
        case "/order":
            if number == 0 { return try newOrder(payload) }
            return json(orderText(number))
        case "/authorization":
            let name = path.split(separator: "/").last.map(String.init) ?? ""
            let isValid = state.withLock { $0.orders[number]?.valid.contains(name) } ?? false
            let isKnown = solver.refused(name)
            let status = isValid ? "valid" : isKnown ? "invalid" : "pending"
            return json(
                #"{"status":"\#(status)","identifier":{"type":"dns","value":"\#(name)"},"challenges":["#
                    + #"{"type":"other-01","url":"x"},"#
                    + #"{"type":"\#(solver.kind.rawValue)","url":"\#(Self.base)/challenge/\#(number)/\#(name)","#
                    + #""token":"token-\#(number)"}]}"#)
        case "/challenge":
            let name = path.split(separator: "/").last.map(String.init) ?? ""
            if solver.shows(name) { state.withLock { _ = $0.orders[number]?.valid.insert(name) } }
            return json("{}")
        case "/finalize": return try finalize(number, payload)
        case "/certificate":
            return ACMEAnswer(
                status: 200, body: Array((state.withLock { $0.orders[number]?.chain } ?? "").utf8))
        default: return ACMEAnswer(status: 404)
        }
    }

    private struct NewAccount: Decodable {
        let termsOfServiceAgreed: Bool
        let externalAccountBinding: Envelope?
    }

    private func account(_ payload: [UInt8], _ key: P256.Signing.PublicKey) throws -> ACMEAnswer {
        let account = try JSONDecoder().decode(NewAccount.self, from: Data(payload))
        guard account.termsOfServiceAgreed else { return Self.problem("userActionRequired", status: 403) }
        if let external {
            guard let binding = account.externalAccountBinding,
                HMAC<SHA256>.isValidAuthenticationCode(
                    try bytes(binding.signature), authenticating: Array("\(binding.protected).\(binding.payload)".utf8),
                    using: SymmetricKey(data: external.key))
            else { return Self.problem("externalAccountRequired", status: 403) }
        }
        let url = "\(Self.base)/account/\(key.rawRepresentation.prefix(4).map { String($0) }.joined())"
        state.withLock { $0.keys[url] = key }
        return ACMEAnswer(status: 201, location: url)
    }

    private struct NewOrder: Decodable {
        struct Name: Decodable { let value: String }
        let identifiers: [Name]
        let replaces: String?
    }

    private func newOrder(_ payload: [UInt8]) throws -> ACMEAnswer {
        let order = try JSONDecoder().decode(NewOrder.self, from: Data(payload))
        let number = state.withLock { state in
            state.counter += 1
            state.orders[state.counter] = Order(names: order.identifiers.map(\.value))
            state.replaced.append(order.replaces)
            return state.counter
        }
        var answer = json(orderText(number))
        answer.location = "\(Self.base)/order/\(number)"
        return answer
    }

    private func orderText(_ number: Int) -> String {
        let order = state.withLock { $0.orders[number] } ?? Order(names: [])
        let authorizations = order.names.map { "\"\(Self.base)/authorization/\(number)/\($0)\"" }
        let status = order.chain != nil ? "valid" : order.valid.count == order.names.count ? "ready" : "pending"
        return #"{"status":"\#(status)","authorizations":[\#(authorizations.joined(separator: ","))],"#
            + #""finalize":"\#(Self.base)/finalize/\#(number)","certificate":"\#(Self.base)/certificate/\#(number)"}"#
    }

    private struct Finalization: Decodable { let csr: String }

    private func finalize(_ number: Int, _ payload: [UInt8]) throws -> ACMEAnswer {
        guard let order = state.withLock({ $0.orders[number] }), order.valid.count == order.names.count else {
            return Self.problem("orderNotReady", status: 403)
        }
        let text = try JSONDecoder().decode(Finalization.self, from: Data(payload)).csr
        let request = try CertificateSigningRequest(derEncoded: try bytes(text))
        let chain = try issue(request.publicKey, names: order.names)
        state.withLock { state in
            state.orders[number]?.chain = chain
            state.issued += 1
        }
        return json(orderText(number))
    }

    private func issue(_ key: Certificate.PublicKey, names: [String]) throws -> String {
        let now = Date(timeIntervalSince1970: Double(clock.now.seconds))
        let issuer = try DistinguishedName { CommonName("a test") }
        let certificate = try Certificate(
            version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: key, notValidBefore: now,
            notValidAfter: now + Double(validity.components.seconds), issuer: issuer,
            subject: try DistinguishedName {}, signatureAlgorithm: .ecdsaWithSHA256,
            extensions: try Certificate.Extensions {
                SubjectAlternativeNames(names.map { .dnsName($0) })
                AuthorityKeyIdentifier(keyIdentifier: ArraySlice([1, 2, 3]))
            }, issuerPrivateKey: .init(root))
        return try certificate.serializeAsPEM().pemString
    }

    // MARK: Texts

    private func json(_ text: String) -> ACMEAnswer { ACMEAnswer(status: 200, body: Array(text.utf8)) }

    private func bytes(_ text: String) throws -> [UInt8] { try Multibase.base64url.decodeBody(Substring(text)) }

    private func nonce() -> String {
        state.withLock { state in
            state.counter += 1
            state.nonces.insert("nonce-\(state.counter)")
            return "nonce-\(state.counter)"
        }
    }
}

/// Remembers what it is to show, and can show nothing.
final class RecordingSolver: ChallengeSolver {
    let kind: ChallengeKind
    private let shown = Mutex<[String: Challenge]>([:])
    private let log = Mutex<[String]>([])
    private let hidden = Mutex<Set<String>>([])

    init(_ kind: ChallengeKind = .tlsALPN01) { self.kind = kind }

    /// What was done, in order.
    var deeds: [String] { log.withLock { $0 } }

    /// Has a name's proof not be found by the authority.
    func hide(_ name: String) { hidden.withLock { _ = $0.insert(name) } }

    func reveal() { hidden.withLock { $0 = [] } }

    func shows(_ name: String) -> Bool { shown.withLock { $0[name] != nil } && !refused(name) }

    func refused(_ name: String) -> Bool { hidden.withLock { $0.contains(name) } }

    func present(_ challenge: Challenge) async throws {
        log.withLock { $0.append("present \(challenge.domain)") }
        shown.withLock { $0[challenge.domain] = challenge }
    }

    func withdraw(_ challenge: Challenge) async {
        log.withLock { $0.append("withdraw \(challenge.domain)") }
        shown.withLock { $0[challenge.domain] = nil }
    }
}
