public import NIOCore
import Synchronization

// SAFETY: `core` is used on the loop only, `pipelineStorage` is set once in `init`; the rest is immutable or atomic.
/// A NIO channel over a ``BytePipe`` instead of a socket, on any event loop: for a connection inside a stream, and for
/// pipelines on a simulated loop.
///
/// Make it, add handlers, and ``activate()`` it, all on its loop. It behaves as a socket's channel does: it reads by
/// itself unless `autoRead` is off, tells of writability by its water marks, and closes when the other side ends unless
/// `allowRemoteHalfClosure` is on.
public final class PipeChannel: Channel, @unchecked Sendable {
    /// See `Channel`.
    public let eventLoop: any EventLoop
    /// See `Channel`.
    public let allocator = ByteBufferAllocator()
    /// See `Channel`.
    public let parent: (any Channel)?
    /// See `Channel`.
    public let closeFuture: EventLoopFuture<Void>

    let core: PipeChannelCore
    private var pipelineStorage: ChannelPipeline?

    /// Makes a channel that is not active yet. Called on the loop.
    ///
    /// - Parameters:
    ///   - pipe: confined to the loop; the channel becomes its user.
    ///   - parent: what carries it, if that is a channel.
    public init(_ pipe: any BytePipe, on eventLoop: any EventLoop, parent: (any Channel)? = nil) {
        eventLoop.preconditionInEventLoop()
        self.eventLoop = eventLoop
        self.parent = parent
        let promise = eventLoop.makePromise(of: Void.self)
        closeFuture = promise.futureResult
        core = PipeChannelCore(pipe, on: eventLoop, closePromise: promise)
        let pipeline = ChannelPipeline(channel: self)
        pipelineStorage = pipeline
        core.pipeline = pipeline
        pipe.user = core
    }

    /// Opens the channel: from now on it reads and writes. Called once, on the loop.
    public func activate() { core.activate() }

    /// See `Channel`.
    public var pipeline: ChannelPipeline {
        guard let pipelineStorage else { preconditionFailure("The channel is not initialised.") }
        return pipelineStorage
    }

    /// There is no socket.
    public var localAddress: SocketAddress? { nil }
    /// There is no socket.
    public var remoteAddress: SocketAddress? { nil }
    /// See `Channel`.
    public var isWritable: Bool { core.isWritable.load(ordering: .relaxed) }
    /// See `Channel`.
    public var isActive: Bool { core.isActive.load(ordering: .relaxed) }
    /// See `Channel`.
    public var _channelCore: any ChannelCore { core }

    /// See `Channel`.
    public var syncOptions: (any NIOSynchronousChannelOptions)? { core }

    /// Sets `autoRead`, `allowRemoteHalfClosure` or `writeBufferWaterMark`; fails for all others.
    public func setOption<Option: ChannelOption>(_ option: Option, value: Option.Value) -> EventLoopFuture<Void> {
        guard eventLoop.inEventLoop else {
            return eventLoop.submit { try self.core.setOption(option, value: value) }
        }
        return eventLoop.makeCompletedFuture { try self.core.setOption(option, value: value) }
    }

    /// Reads one of the options that can be set.
    public func getOption<Option: ChannelOption>(_ option: Option) -> EventLoopFuture<Option.Value> {
        guard eventLoop.inEventLoop else { return eventLoop.submit { try self.core.getOption(option) } }
        return eventLoop.makeCompletedFuture { try self.core.getOption(option) }
    }
}
