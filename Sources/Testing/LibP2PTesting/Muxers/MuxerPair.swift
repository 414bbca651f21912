public import LibP2PCore
import LibP2PIdentity
import Multiformats
import NIOCore
import NIOEmbedded
import Synchronization

/// Two connections that talk through a muxer over a wire in memory, all in the thread that drives them.
///
/// A seed decides how the wire cuts the bytes to pieces and in which order the pieces arrive. Use it from a plain
/// function, not an async one, and end it by ``shutDown()``.
public final class MuxerPair {
    /// The end that dialled.
    public let dialer: Connection
    /// The end that accepted.
    public let listener: Connection
    /// The loop that both live on.
    public let executor: LoopExecutor
    /// The seed of this run.
    public let seed: UInt64

    let dialerLink: MuxerLink
    let listenerLink: MuxerLink
    let dialerOwner: PairOwner
    let listenerOwner: PairOwner
    private let loop: EmbeddedEventLoop
    private var random: RandomSource.Generator

    /// Joins two ends.
    ///
    /// - Parameters:
    ///   - muxer: what speaks at both ends.
    ///   - seed: decides the run.
    ///   - handlers: what both ends serve.
    public init(_ muxer: any MuxerProtocol, seed: UInt64, handlers: [any StreamHandler]) throws {
        self.seed = seed
        random = RandomSource(seed: seed).generator
        loop = EmbeddedEventLoop()
        executor = LoopExecutor(loop)
        let router = PairRouter(handlers)
        dialerOwner = PairOwner(router)
        listenerOwner = PairOwner(router)
        dialerLink = try MuxerLink(loop: loop)
        listenerLink = try MuxerLink(loop: loop)
        dialer = try Self.connect(dialerLink, .dialer, muxer, dialerOwner, executor)
        listener = try Self.connect(listenerLink, .listener, muxer, listenerOwner, executor)
    }

    private static func connect(
        _ link: MuxerLink, _ role: HandshakeRole, _ muxer: any MuxerProtocol, _ owner: PairOwner,
        _ executor: LoopExecutor
    ) throws -> Connection {
        let address = try Multiaddr("/memory/1")
        let key = try PrivateKey(ed25519Seed: Array(repeating: role == .dialer ? 1 : 2, count: 32))
        let connection = Connection(
            id: role == .dialer ? 1 : 2, peer: SecuredPeer(publicKey: key.publicKey, muxer: muxer.protocolID),
            end: ConnectionEnd(role: role, executor: executor, localAddress: address, remoteAddress: address),
            muxer: NIOLoopBound(try muxer.install(on: link.channel, role: role), eventLoop: executor.loop),
            owner: owner)
        connection.assumeIsolated { $0.start() }
        return connection
    }

    // MARK: Driving

    /// Runs asynchronous work on the loop to its end, moving bytes and, when nothing else is left to do, the clock.
    ///
    /// - Parameter limit: the most virtual time to go.
    /// - Throws: what the work throws, or ``ConformanceFailure`` when it never ends.
    public func perform<Result: Sendable>(
        atMost limit: Duration = .seconds(120),
        _ work: @escaping @Sendable (_ dialer: Connection, _ listener: Connection) async throws -> Result
    ) throws -> Result {
        let outcome = Outcome<Result>()
        let (dialer, listener) = (dialer, listener)
        executor.spawn {
            do {
                outcome.set(.success(try await work(dialer, listener)))
            } catch {
                outcome.set(.failure(error))
            }
        }
        let end = loop.now + TimeAmount(limit)
        while true {
            try settle()
            if let result = outcome.value { return try result.get() }
            guard loop.now < end else {
                throw ConformanceFailure("the work was not done within \(limit) (seed \(seed))")
            }
            loop.advanceTime(by: .milliseconds(5))
        }
    }

    /// Moves bytes until nothing is left to do at this instant.
    public func settle() throws {
        repeat { loop.run() } while try moveBytes()
        loop.run()
    }

    /// Lets virtual time pass.
    public func wait(_ duration: Duration) throws {
        try settle()
        let end = loop.now + TimeAmount(duration)
        while loop.now < end {
            loop.advanceTime(by: min(.milliseconds(500), end - loop.now))
            try settle()
        }
    }

    private func moveBytes() throws -> Bool {
        try dialerLink.collect()
        try listenerLink.collect()
        let size = 1 << Int.random(in: 0...17, using: &random)
        let outward = try dialerLink.deliver(atMost: size, to: listenerLink)
        let inward = try listenerLink.deliver(atMost: size, to: dialerLink)
        return outward || inward
    }

    // MARK: Ends

    /// Bytes that wait unread at both ends.
    public var bufferedBytes: Int { executor.bufferedBytes }

    /// Streams that are open at the dialer and at the listener.
    public var streamCounts: [Int] {
        [dialer, listener].map { connection in connection.assumeIsolated { $0.streamCount } }
    }

    /// Ends both connections and the loop.
    public func shutDown() throws {
        for connection in [dialer, listener] { connection.assumeIsolated { $0.close() } }
        try settle()
        _ = try? dialerLink.channel.finish(acceptAlreadyClosed: true)
        _ = try? listenerLink.channel.finish(acceptAlreadyClosed: true)
        loop.run()
    }
}

/// What a task has come to.
private final class Outcome<Value: Sendable>: Sendable {
    private let state = Mutex<Result<Value, any Error>?>(nil)

    var value: Result<Value, any Error>? { state.withLock { $0 } }

    func set(_ result: Result<Value, any Error>) { state.withLock { $0 = result } }
}

/// Owns one end, and notes what it is told.
final class PairOwner: ConnectionOwner {
    let router: any StreamRouter
    private let closing = Mutex<NetworkError?>(nil)

    init(_ router: any StreamRouter) { self.router = router }

    /// Why the connection ended.
    var closeReason: NetworkError? { closing.withLock { $0 } }

    func connectionClosed(_ connection: Connection, _ error: NetworkError) {
        closing.withLock { $0 = error }
    }
}

/// Finds handlers by their exact id.
private struct PairRouter: StreamRouter {
    let routes: [ProtocolID: StreamRoute]

    init(_ handlers: [any StreamHandler]) {
        var routes: [ProtocolID: StreamRoute] = [:]
        for handler in handlers {
            let route = StreamRoute(handler)
            for protocolID in handler.protocols { routes[protocolID] = route }
        }
        self.routes = routes
    }

    var protocols: [ProtocolID] { routes.keys.sorted { $0.name < $1.name } }

    func route(for protocolID: ProtocolID, on connection: Connection) -> StreamRoute? { routes[protocolID] }
}
