import Certificates

// Certificates from a certificate authority.
extension Settings {
    static let acmeDirectory: Setting<String> = Setting(
        "acme.directory", .acmeDirectory, default: "https://acme-v02.api.letsencrypt.org/directory", "Let's Encrypt",
        help: "the certificate authority, by the URL of its ACME directory")

    static let acmeCA: Setting<String?> = Setting(
        "acme.ca", .optional(.file), default: nil, "the system's",
        help: "PEM file of the root certificates by which that authority, and AutoTLS' broker, are believed")

    static let acmeEmail: Setting<String?> = Setting(
        "acme.email", .optional(.email), default: nil, "none", help: "whom the authority may write to")

    static let acmeChallenge: Setting<ChallengeKind> = Setting(
        "acme.challenge", .challenge, default: .tlsALPN01, "`tls-alpn-01`",
        help:
            "how the authority is shown that the names of `--domain` are the node's: `http-01`, `tls-alpn-01`, `dns-01`"
    )

    static let acmeDNSHook: Setting<String?> = Setting(
        "acme.dnsHook", .optional(.program), default: nil, "none",
        help: "the program that writes records for `dns-01`; called as `PROGRAM present RECORD VALUE`, and with `clean`"
    )

    static let acmeEABKeyID: Setting<String?> = Setting(
        "acme.eabKid", .optional(.word), default: nil, "none",
        help: "the account at the authority's own site, where it wants one (external account binding)")

    static let acmeEABKey: Setting<String?> = Setting(
        "acme.eabHmacKey", .optional(.eabKey), default: nil, "none", help: "that account's key, in base 64 for URLs")

    static let acme: [any SettingDefinition] = [
        acmeDirectory, acmeCA, acmeEmail, acmeChallenge, acmeDNSHook, acmeEABKeyID, acmeEABKey,
    ]
}

extension SettingKind where Value == String {
    /// Where mail goes.
    static var email: SettingKind {
        SettingKind("ADDR") { text in
            let parts = text.split(separator: "@", omittingEmptySubsequences: false)
            guard parts.count == 2, parts.allSatisfy({ !$0.isEmpty }), !text.contains(where: \.isWhitespace) else {
                throw UnreadableValue("write one mail address, as admin@example.org")
            }
            return text
        }
    }

    /// A path of a program.
    static var program: SettingKind { SettingKind("PROGRAM") { $0 } }

    /// The URL of a directory.
    static var acmeDirectory: SettingKind {
        SettingKind("URL") { text in
            guard text.hasPrefix("https://") || text.hasPrefix("http://"), !text.contains(" ") else {
                throw UnreadableValue("write the URL of a directory, such as https://acme.example.org/directory")
            }
            return text
        }
    }

    /// A key in base 64 for URLs.
    static var eabKey: SettingKind {
        SettingKind("KEY") { text in
            guard ExternalAccount(name: "", key: text).hasKey else {
                throw UnreadableValue("the key must be base 64 for URLs, as the authority shows it")
            }
            return text
        }
    }
}

extension SettingKind where Value == ChallengeKind {
    /// One of the kinds.
    static var challenge: SettingKind {
        SettingKind("KIND") { text in
            guard let kind = ChallengeKind(rawValue: text) else {
                throw UnreadableValue("write one of \(ChallengeKind.allCases.map(\.rawValue).joined(separator: ", "))")
            }
            return kind
        }
    }
}
