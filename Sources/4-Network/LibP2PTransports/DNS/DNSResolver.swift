public import LibP2PCore
public import Multiformats
import NIOPosix

/// Asks the domain name system through c-ares, on a thread of its own.
///
/// Answers are kept as long as they say they live. Questions that are under way already are not asked twice. Without an
/// explicit server, `/etc/resolv.conf` and `/etc/hosts` are followed, as they stand when a burst of questions begins.
///
/// Call ``shutdown()`` when done.
public final class DNSResolver: NameResolver {
    /// The settings of a resolver.
    public struct Configuration: Sendable {
        /// Whom to ask; nil for the servers, search domains and hosts file of the system.
        public var server: DNSServer?
        /// How long a caller waits for an answer in all. Well below a dial's time limit, so that other addresses get
        /// their turn.
        public var timeout: Duration = .seconds(8)
        /// How long the first try of each server takes; every further try takes twice as long.
        public var tryTimeout: Duration = .milliseconds(1500)
        /// How often each server is asked.
        public var tries = 3
        /// How many callers may wait at a time; more are refused. One socket serves them all.
        public var maxWaiting = 256
        /// How many answers are kept.
        public var cacheCapacity = 512
        /// The longest time that an answer is kept, whatever it says.
        public var maxCacheLifetime: Duration = .seconds(3600)

        /// The defaults, with the system's servers or the given one.
        public init(server: DNSServer? = nil) { self.server = server }
    }

    private let thread: ResolverThread
    private let pool = NIOThreadPool(numberOfThreads: 1)

    /// Starts a resolver.
    ///
    /// - Throws: ``NetworkError`` with `.system` when no pipe can be made.
    public init(_ configuration: Configuration = Configuration()) throws {
        let thread = try ResolverThread(configuration)
        self.thread = thread
        pool.start()
        pool.submit { _ in thread.run() }
    }

    deinit {
        // Without `shutdown()`, the thread ends all the same, some time later.
        if thread.stop() { pool.shutdownGracefully { _ in } }
    }

    /// Fails the questions under way with `.cancelled`, and returns when the thread has ended.
    public func shutdown() async {
        // The pool throws only when it was shut down before.
        if thread.stop() { try? await pool.shutdownGracefully() }
    }

    /// See ``NameResolver``.
    public func addresses(of host: String, family: AddressFamily) async throws -> [IPAddress] {
        guard case .addresses(let addresses) = try await ask(.addresses(of: HostName.canonical(host), family)) else {
            return []
        }
        return addresses
    }

    /// See ``NameResolver``.
    public func texts(at name: String) async throws -> [String] {
        guard case .texts(let texts) = try await ask(.texts(at: HostName.canonical(name))) else { return [] }
        return texts
    }

    private func ask(_ question: NameQuestion) async throws -> NameAnswer {
        let waiter = ResolverWaiter()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                waiter.wait(continuation)
                thread.ask(question, waiter)
            }
        } onCancel: {
            waiter.finish(.failure(NetworkError(.cancelled, "The wait for an answer about a name was cancelled.")))
        }
    }
}
