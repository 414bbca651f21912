public import LibP2PCore

/// Why a certificate cannot be used. Errors are equal when their codes are.
public struct CertificateError: CodedError {
    /// The kind of failure.
    public enum Code: String, Sendable {
        /// A file is missing or cannot be read.
        case unreadable
        /// What a file holds is no certificate, no key, or a kind of key that is not supported.
        case malformed
        /// The key is not that of the certificate.
        case mismatch
        /// The certificate is not valid yet, or no longer.
        case expired
        /// The certificate is not for the host that it should be for.
        case wrongHost = "wrong_host"
        /// A server that is needed for a certificate, or the node itself, cannot be reached.
        case unreachable
        /// A server that is needed for a certificate was asked too often.
        case rateLimited = "rate_limited"
        /// A certificate authority refuses the order, or what proves that a name is the node's.
        case authorityRefused = "authority_refused"
        /// A certificate authority does not do its work.
        case authorityFailed = "authority_failed"
        /// AutoTLS' broker does not serve this node.
        case brokerRefused = "broker_refused"
        /// AutoTLS' broker does not do its work.
        case brokerFailed = "broker_failed"
        /// The proof for a certificate does not show in the domain name system.
        case recordMissing = "record_missing"
        /// Another node of the fleet orders the certificate.
        case fleetBusy = "fleet_busy"
        /// A program of the operator fails.
        case programFailed = "program_failed"
        /// The work was ended by this node.
        case cancelled
    }

    /// The kind of failure.
    public let code: Code

    /// What is wrong, with the file or the value, and what to do about it.
    public let message: String

    /// The error below, where there is one.
    public let cause: (any Error)?

    /// How long the server asks to be left alone, where it does.
    public let retryAfter: Duration?

    init(_ code: Code, _ message: String, retryAfter: Duration? = nil, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.retryAfter = retryAfter
        self.cause = cause
    }
}
