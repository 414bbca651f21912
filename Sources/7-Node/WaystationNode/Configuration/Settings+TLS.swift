// Certificates for the front door.
extension Settings {
    static let https: Setting<HostAndPort?> = Setting(
        "https", .optional(.hostAndPort), default: nil, "off until TLS is configured, then `0.0.0.0:443`",
        help: "the front door over TLS: the same as the plain one, by HTTP/1.1 and HTTP/2")

    static let tlsCertificate: Setting<[String]> = Setting(
        "tls.certificate", .list(of: .file), default: [], "none",
        help: "PEM files of certificates with their chains; read again when they are replaced, and on SIGHUP")

    static let tlsKey: Setting<[String]> = Setting(
        "tls.key", .list(of: .file), default: [], "none",
        help: "PEM files of the certificates' keys, in the same order")

    static let domain: Setting<[String]> = Setting(
        "domain", .list(of: .domain), default: [], "none",
        help:
            "names under which the front door is reached over TLS; their certificates are obtained from the authority "
            + "of `acme.directory` unless they come from files, and they are announced as long as a certificate is for "
            + "them")

    static let tlsStrictTransport: Setting<Duration> = Setting(
        "tls.strictTransport", .duration, default: .seconds(365 * 86_400), "365d",
        help:
            "for how long browsers that came over TLS shall come to the host by `https` only (HSTS); `0` not to say so")

    static let tls: [any SettingDefinition] = [domain, tlsCertificate, tlsKey, tlsStrictTransport]
}
