import Certificates

// A certificate for the names that a peer has by its id.
extension Settings {
    static let autoTLS: Setting<Bool> = Setting(
        "autoTls", .toggle, default: false, "off",
        help: "a certificate for `*.<peer id>.libp2p.direct`, for a node without a domain: it is obtained through a "
            + "broker as soon as the node is reached from outside")

    static let autoTLSBroker: Setting<String> = Setting(
        "autoTlsBroker", .broker, default: AutoTLSBroker.publicURL, "`\(AutoTLSBroker.publicURL)`",
        help: "the broker that writes the authority's proof into its domain")

    static let autoTLSDomain: Setting<String> = Setting(
        "autoTlsDomain", .domain, default: AutoTLSName.publicParent, "`\(AutoTLSName.publicParent)`",
        help: "the domain that the broker controls")

    static let autoTLSToken: Setting<String?> = Setting(
        "autoTlsToken", .optional(.word), default: nil, "none",
        help: "what a broker that is not open to all wants to hear (`Forge-Authorization`)")

    static let auto: [any SettingDefinition] = [autoTLS, autoTLSBroker, autoTLSDomain, autoTLSToken]
}

extension SettingKind where Value == String {
    /// The URL of a broker.
    static var broker: SettingKind {
        SettingKind("URL") { text in
            guard AutoTLSBroker.isURL(text) else {
                throw UnreadableValue("write the broker's URL without a path, as \(AutoTLSBroker.publicURL)")
            }
            return text
        }
    }
}
