public import Crypto
import FoundationEssentials
public import LibP2PCore
public import Multiformats
public import NIOSSL
import SwiftASN1
import X509

/// A certificate with its chain and its key, ready to be served.
public struct Credentials: Sendable {
    /// The host names that the certificate is for, in lower case; one may begin with `*.`.
    public let names: [String]
    /// The IP addresses that it is for; seldom any.
    public let ips: [IPAddress]
    /// From when on it is valid.
    public let notBefore: Timestamp
    /// Until when it is valid.
    public let notAfter: Timestamp
    /// What handshakes are done with. One for all, so that sessions can be resumed by tickets.
    public let context: NIOSSLContext
    /// The hash of the certificate itself, without its chain.
    public let fingerprint: SHA256Digest
    /// What authorities call the certificate when they say when to renew it (RFC 9773, section 4.1); nil where it does not
    /// say who signed it.
    let renewalID: String?

    /// Reads a chain and a key.
    ///
    /// - Parameters:
    ///   - chain: PEM, the server's own certificate first, then those that sign it.
    ///   - key: PEM of an RSA or ECDSA key, in PKCS #1, SEC 1 or PKCS #8.
    ///   - protocols: what handshakes offer by ALPN, the preferred one first.
    /// - Throws: ``CertificateError``: `.malformed`, or `.mismatch` when the key is another certificate's.
    public init(chain: String, key: String, protocols: [String]) throws(CertificateError) {
        let certificates = try Self.certificates(chain)
        guard let own = certificates.first else {
            throw CertificateError(.malformed, "There is no certificate in the chain: it must be PEM.")
        }
        let privateKey: Certificate.PrivateKey
        do {
            privateKey = try Certificate.PrivateKey(pemEncoded: Self.keyDocument(key))
        } catch {
            throw CertificateError(
                .malformed, "The key is none that is supported: it must be PEM of an RSA or ECDSA key.", cause: error)
        }
        guard privateKey.publicKey == own.publicKey else {
            throw CertificateError(
                .mismatch, "The key is not that of the certificate for \(Self.names(of: own).joined(separator: ", ")).")
        }
        names = Self.names(of: own)
        renewalID = Self.renewalID(of: own)
        ips = Self.ips(of: own)
        notBefore = Timestamp(seconds: Int64(own.notValidBefore.timeIntervalSince1970))
        notAfter = Timestamp(seconds: Int64(own.notValidAfter.timeIntervalSince1970))
        do {
            let bytes = try certificates.map { try $0.serializeAsPEM().derBytes }
            fingerprint = SHA256.hash(data: bytes[0])
            context = try Self.context(bytes, key: key, protocols: protocols)
        } catch {
            throw CertificateError(.malformed, "The certificate cannot be served.", cause: error)
        }
    }

    /// Whether the certificate is valid at a time.
    public func isValid(at time: Timestamp) -> Bool { notBefore <= time && time <= notAfter }

    /// The time in which it is valid, in words.
    var validity: String {
        func text(_ time: Timestamp) -> String {
            Date(timeIntervalSince1970: Double(time.seconds)).formatted(.iso8601)
        }
        return "from \(text(notBefore)) to \(text(notAfter))"
    }

    /// Whether the certificate is for a host (RFC 9525: a star stands for one whole label, the first).
    ///
    /// - Parameter host: a name in lower case.
    public func covers(_ host: String) -> Bool {
        names.contains { name in
            if name == host { return true }
            guard name.hasPrefix("*."), let dot = host.firstIndex(of: "."), dot != host.startIndex else { return false }
            return host[dot...] == name.dropFirst()
        }
    }

    private static func certificates(_ chain: String) throws(CertificateError) -> [Certificate] {
        do {
            return try PEMDocument.parseMultiple(pemString: chain)
                .filter { $0.discriminator == Certificate.defaultPEMDiscriminator }
                .map { try Certificate(pemDocument: $0) }
        } catch {
            throw CertificateError(.malformed, "The chain is no PEM of certificates.", cause: error)
        }
    }

    /// The key among what else a key file holds, such as the parameters of its curve.
    private static func keyDocument(_ text: String) throws -> String {
        let documents = try PEMDocument.parseMultiple(pemString: text)
        return documents.first { $0.discriminator.hasSuffix("PRIVATE KEY") }?.pemString ?? text
    }

    private static func names(of certificate: Certificate) -> [String] {
        guard let alternatives = try? certificate.extensions.subjectAlternativeNames else { return [] }
        return alternatives.compactMap { name in
            if case .dnsName(let text) = name { return text.lowercased() }
            return nil
        }
    }

    private static func ips(of certificate: Certificate) -> [IPAddress] {
        guard let alternatives = try? certificate.extensions.subjectAlternativeNames else { return [] }
        return alternatives.compactMap { name in
            if case .ipAddress(let octets) = name { return IPAddress(bytes: octets.bytes) }
            return nil
        }
    }

    private static func renewalID(of certificate: Certificate) -> String? {
        guard let issuer = try? certificate.extensions.authorityKeyIdentifier?.keyIdentifier else { return nil }
        var serial = Array(certificate.serialNumber.bytes)
        // As DER writes a positive number.
        if serial.first.map({ $0 >= 0x80 }) ?? true { serial.insert(0, at: 0) }
        return "\(Multibase.base64url.encodeBody(Array(issuer))).\(Multibase.base64url.encodeBody(serial))"
    }

    private static func context(_ chain: [[UInt8]], key: String, protocols: [String]) throws -> NIOSSLContext {
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: try chain.map { .certificate(try NIOSSLCertificate(bytes: $0, format: .der)) },
            privateKey: .privateKey(try NIOSSLPrivateKey(bytes: Array(key.utf8), format: .pem)))
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = protocols
        // Forward secrecy and authenticated encryption only; TLS 1.3 has its own, which are all of that kind.
        configuration.cipherSuiteValues = [
            .TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, .TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
            .TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, .TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
            .TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, .TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
        ]
        return try NIOSSLContext(configuration: configuration)
    }
}
