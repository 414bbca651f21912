public import Certificates

/// With which certificates a node's front door speaks TLS.
public struct TLSConfiguration: Sendable {
    /// The address of the front door over TLS, where somebody set it.
    public var address: HostAndPort?

    /// Certificates and their keys. The first is for clients that name no host, or an unknown one.
    public var files: [CertificateFiles] = []

    /// Whether libp2p's TCP ports are the front door's too, so that it needs none of its own.
    public var sharesPort = false

    /// For how long browsers shall come over TLS only; zero not to ask for it.
    public var strictTransport = Settings.tlsStrictTransport.defaultValue

    /// The names under which the front door is reached over TLS, in lower case.
    public var domains: [String] = []

    /// Whether a certificate for the peer's own names is obtained by AutoTLS.
    public var isAutomatic = false

    /// Where the front door speaks TLS without being told where.
    public static let defaultAddress = HostAndPort(host: "0.0.0.0", port: 443)

    /// No TLS.
    public init() {}

    /// What `settings` say, and an address over TLS among those to listen on.
    init(_ settings: ResolvedSettings, listened: ListenedDoor) throws(NodeError) {
        address = try settings.value(Settings.https)
        if let listened = listened.address {
            guard address == nil || address == listened else {
                throw NodeError(
                    .configuration,
                    "--https and an address over TLS in --listen both say where the front door is: give one of them")
            }
            address = listened
        }
        domains = try settings.value(Settings.domain)
        sharesPort = try settings.value(Settings.sharePort)
        strictTransport = try settings.value(Settings.tlsStrictTransport)
        let certificates = try settings.value(Settings.tlsCertificate)
        let keys = try settings.value(Settings.tlsKey)
        guard certificates.count == keys.count else {
            throw NodeError(
                .configuration,
                "There are \(certificates.count) of --tls-certificate and \(keys.count) of --tls-key: each "
                    + "certificate needs its key, in the same order")
        }
        files = zip(certificates, keys).map { CertificateFiles(chain: $0, key: $1) }
        isAutomatic = try settings.value(Settings.autoTLS) || listened.isAutomatic
        guard address == nil && !listened.isThere || isConfigured else {
            throw NodeError(
                .configuration,
                "\(listened.isThere ? "An address over TLS in --listen" : "--https") needs a certificate: give --domain or --auto-tls to obtain one, or --tls-certificate and --tls-key"
            )
        }
    }

    /// Whether certificates come from anywhere.
    public var isConfigured: Bool { !files.isEmpty || !domains.isEmpty || isAutomatic }

    /// The port of its own where the front door speaks TLS; nil when it has none.
    public var door: HostAndPort? { isConfigured ? address ?? (sharesPort ? nil : Self.defaultAddress) : nil }
}
