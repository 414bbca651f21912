import Certificates

/// Through which broker a node gets a certificate for the names that its peer id has.
public struct AutoTLSConfiguration: Sendable, Hashable {
    /// The broker's URL, without a path.
    public var broker = Settings.autoTLSBroker.defaultValue

    /// The domain that the broker controls.
    public var domain = Settings.autoTLSDomain.defaultValue

    /// What the broker wants to hear, where it is not open to all.
    public var token: String?

    /// The public broker of the libp2p project.
    public init() {}

    /// What `settings` say.
    init(_ settings: ResolvedSettings) throws(NodeError) {
        broker = try settings.value(Settings.autoTLSBroker)
        domain = try settings.value(Settings.autoTLSDomain)
        token = try settings.value(Settings.autoTLSToken)
    }
}
