public import Hummingbird
public import LibP2PCore
public import Logging
public import Multiformats
import NIOCore

/// What a route knows of a request beside the request: the connection that it came by.
public struct ConnectionContext: RequestContext {
    /// Where a context is made from.
    public struct Source: RequestContextSource {
        /// For what the request has to say.
        public let logger: Logger
        /// The other end of the connection; nil when it has no IP address.
        public let remoteAddress: IPAddress?
        /// That of the connection's loop.
        public let executor: LoopExecutor

        /// Makes a source.
        public init(logger: Logger, remoteAddress: IPAddress?, executor: LoopExecutor) {
            self.logger = logger
            self.remoteAddress = remoteAddress
            self.executor = executor
        }
    }

    /// Hummingbird's own part.
    public var coreContext: CoreRequestContextStorage

    /// The other end of the connection, which may be a proxy; nil when it has no IP address.
    public let remoteAddress: IPAddress?

    /// The executor of the loop that the connection lives on. Routes run there.
    public let executor: LoopExecutor

    /// Makes a context.
    public init(source: Source) {
        coreContext = CoreRequestContextStorage(source: source)
        remoteAddress = source.remoteAddress
        executor = source.executor
    }
}

extension SocketAddress {
    /// The IP address without a zone, an IPv4 address within an IPv6 one as the IPv4 address.
    var plainIPAddress: IPAddress? { ipAddress.flatMap { IPAddress($0.prefix { $0 != "%" })?.unmapped } }
}
