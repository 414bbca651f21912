import AsyncHTTPClient
public import LibP2PCore
public import Logging
public import NIOCore
import NIOHTTP1

/// The HTTP client of all upstreams of a node, with its connections.
public final class UpstreamClient: Sendable {
    private let client: HTTPClient
    private let settings: Upstream.Settings

    /// Makes a client without connections.
    public init(_ settings: Upstream.Settings = Upstream.Settings(), group: any EventLoopGroup) {
        self.settings = settings
        var configuration = HTTPClient.Configuration()
        // What a server that does not answer at all costs at most; time for a whole request is the upstream's own limit.
        configuration.timeout.connect = TimeAmount(min(settings.timeLimit, .seconds(5)))
        configuration.timeout.read = TimeAmount(settings.timeLimit)
        // An upstream follows redirections itself, within its host.
        configuration.redirectConfiguration = .disallow
        configuration.decompression = .disabled
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = settings.requests
        configuration.connectionPool.retryConnectionEstablishment = false
        client = HTTPClient(eventLoopGroupProvider: .shared(group), configuration: configuration)
    }

    /// A server that is asked by this client.
    public func upstream(_ url: UpstreamURL, on executor: LoopExecutor, logger: Logger) -> Upstream {
        let (client, limit) = (client, TimeAmount(settings.timeLimit))
        return Upstream(url, settings, on: executor, logger: logger) { request in
            try await client.execute(request, timeout: limit)
        }
    }

    /// Closes all connections. No request may be made afterwards.
    public func close() async { try? await client.shutdown() }
}
