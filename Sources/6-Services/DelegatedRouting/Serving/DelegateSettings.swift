/// How a delegate answers.
public struct DelegateSettings: Sendable, Hashable {
    /// How long a request may take: what clients of 2020 wait.
    public var deadline: Duration = .seconds(30)
    /// How long a stream's headers wait for its first line, so that an early error has a status of its own.
    public var headerDelay: Duration = .seconds(1)
    /// Records of one streamed answer.
    public var maxStreamedRecords = 1000
    /// Origins of web pages that may use the RPC; nil for all.
    public var allowedOrigins: Set<String>?
    /// What `Authorization: Bearer` must say for what publishes or dials; nil when anybody may.
    public var token: String?
    /// Whether `swarm/connect` is served.
    public var allowsConnect = true
    /// Whether `provide` is served.
    public var allowsProvide = true
    /// Whether records may be put.
    public var allowsPut = true

    /// The largest body that a route reads, in bytes: an IPNS record in a multipart form.
    public static let maxBody = 64 * 1024

    /// The defaults.
    public init() {}
}
