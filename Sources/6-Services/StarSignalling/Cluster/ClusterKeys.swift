/// Where a star's nodes keep what they share, in Redis. The database's number is part of all names, since channels know no
/// databases.
struct ClusterKeys: Sendable {
    /// The set of all nodes' names.
    let nodes: String
    /// The channel of joins, leaves and signs of life.
    let news: String

    private let prefix: String

    init(database: Int) {
        prefix = "waystation:star:\(database):"
        nodes = prefix + "nodes"
        news = prefix + "news"
    }

    /// A key that is there as long as a node lives.
    func alive(_ node: StarNodeID) -> String { "\(prefix)alive:\(node)" }

    /// The hash of a node's peers: address to the time of its join.
    func peers(_ node: StarNodeID) -> String { "\(prefix)peers:\(node)" }

    /// The channel of handshakes for a node's peers.
    func inbox(_ node: StarNodeID) -> String { "\(prefix)node:\(node)" }
}
