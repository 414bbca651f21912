import FoundationEssentials
import LibP2PCore

/// What a certificate authority says of its resources (RFC 8555 section 7.1). Fields that are not used are not read.
struct ACMEDirectory: Decodable, Sendable {
    let newNonce: String
    let newAccount: String
    let newOrder: String
    /// Where it says when to renew (RFC 9773); nil where it does not.
    let renewalInfo: String?
}

/// When to renew a certificate, as an authority writes it (RFC 9773, section 4.2).
struct ACMERenewalInfo: Decodable {
    let suggestedWindow: Window

    struct Window: Decodable {
        let start: String
        let end: String
    }
}

/// When an authority wants a certificate to be renewed.
struct ACMERenewal: Sendable, Hashable {
    /// At some time from here on,
    let start: Timestamp
    /// to here.
    let end: Timestamp
    /// When to ask again.
    let retryAfter: Duration?
}

/// An order for a certificate.
struct ACMEOrder: Decodable {
    let status: String
    let authorizations: [String]
    let finalize: String
    let certificate: String?
    let error: ACMEProblem?

    /// One for each name; nobody has so many.
    static let maxAuthorizations = 100
}

/// What must be shown of one name.
struct ACMEAuthorization: Decodable {
    let status: String
    let identifier: Identifier
    let challenges: [Challenge]
    let wildcard: Bool?

    struct Identifier: Codable {
        var type = "dns"
        let value: String
    }

    /// A way to show it.
    struct Challenge: Decodable {
        let type: String
        let url: String
        let token: String?
        let error: ACMEProblem?
    }
}

/// Why something was refused (RFC 7807).
struct ACMEProblem: Decodable {
    let type: String?
    let detail: String?

    /// The kind, without the prefix that all have.
    var kind: String { type.map { String($0.split(separator: ":").last ?? "") } ?? "" }

    /// It in words for the log.
    var words: String { BrokerAnswer.printable("\(kind): \(detail ?? "no detail")".utf8) }
}
