public import Certificates

/// Which certificate authority a node gets certificates from, and how it shows that the names are its own.
public struct ACMEConfiguration: Sendable, Hashable {
    /// The URL of the authority's directory.
    public var directory = Settings.acmeDirectory.defaultValue

    /// A file with the root certificates by which the authority itself is believed; nil for the system's.
    public var rootsFile: String?

    /// Whom the authority may write to.
    public var email: String?

    /// How names are shown to be the node's.
    public var challenge = Settings.acmeChallenge.defaultValue

    /// The program that writes records for ``ChallengeKind/dns01``.
    public var dnsHook: String?

    /// The account outside of ACME that the authority's accounts belong to, where it wants one: its name and its key in
    /// base 64 for URLs (RFC 8555, section 7.3.4).
    public var externalAccount: ExternalAccount?

    /// Let's Encrypt, by TLS-ALPN-01.
    public init() {}

    /// What `settings` say.
    init(_ settings: ResolvedSettings) throws(NodeError) {
        directory = try settings.value(Settings.acmeDirectory)
        rootsFile = try settings.value(Settings.acmeCA)
        email = try settings.value(Settings.acmeEmail)
        challenge = try settings.value(Settings.acmeChallenge)
        dnsHook = try settings.value(Settings.acmeDNSHook)
        let (name, key) = (try settings.value(Settings.acmeEABKeyID), try settings.value(Settings.acmeEABKey))
        guard (name == nil) == (key == nil) else {
            throw NodeError(
                .configuration, "--acme-eab-kid and --acme-eab-hmac-key belong together: give both, or neither")
        }
        if let name, let key { externalAccount = ExternalAccount(name: name, key: key) }
        guard challenge != .dns01 || dnsHook != nil else {
            throw NodeError(
                .configuration,
                "--acme-challenge dns-01 needs a program that writes records: give --acme-dns-hook PROGRAM")
        }
    }
}
