import DelegatedRouting
import LibP2PCore
import Logging
import NIOCore

/// The other delegates that a node asks, and the HTTP client that they share.
final class NodeUpstreams: Sendable {
    let all: [Upstream]
    private let client: UpstreamClient

    /// Makes what is configured; nil when that is none.
    init?(_ configuration: DelegateConfiguration, group: any EventLoopGroup, loops: LoopGroup, logger: Logger) {
        guard !configuration.upstreams.isEmpty else { return nil }
        let client = UpstreamClient(configuration.upstreamSettings, group: group)
        self.client = client
        var seen: Set<UpstreamURL> = []
        all = configuration.upstreams.filter { seen.insert($0).inserted }.map { url in
            client.upstream(url, on: loops.next(), logger: logger)
        }
    }

    /// What asks them.
    var routers: [UpstreamRouter] { all.map { UpstreamRouter($0) } }

    /// Closes all connections to them.
    func stop() async { await client.close() }
}
