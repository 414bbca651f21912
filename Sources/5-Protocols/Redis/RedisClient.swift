package import LibP2PCore
import NIOCore

/// Asks a Redis now and then: for locks and values that several nodes share, not for a stream of commands.
///
/// It connects when it is first asked, and again with the next call after the connection was lost. A call is never repeated by
/// itself: nobody knows whether the Redis that went away has carried it out.
package actor RedisClient {
    /// So long a call may take, with the connecting that it may need.
    package static let callLimit = Duration.seconds(5)
    /// Calls that may wait at a time.
    static let waitingLimit = 256

    /// The executor of the loop that the client lives on.
    package nonisolated let executor: LoopExecutor

    /// See `Actor`.
    package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    private let url: RedisURL
    private let limit: Duration
    private var connection: RedisConnection?
    private var connecting: Task<Result<RedisConnection, RedisError>, any Error>?
    private var waiting = 0
    private var isClosed = false

    /// Makes a client; nothing happens before the first call.
    ///
    /// - Parameter limit: so long a call may take.
    package init(_ url: RedisURL, on executor: LoopExecutor, within limit: Duration = callLimit) {
        self.url = url
        self.executor = executor
        self.limit = limit
    }

    /// Sends a command and waits for the answer.
    ///
    /// - Throws: `RedisError`, also for an answer that is an error. When an answer does not come in time the connection is given
    ///   up, and with it whatever else waits on it.
    @discardableResult
    package func call(_ command: RESPCommand) async throws(RedisError) -> RESPValue {
        guard waiting < Self.waitingLimit else {
            throw RedisError(.overloaded, "\(waiting) calls wait for \(url) already.")
        }
        waiting += 1
        defer { waiting -= 1 }
        let start = executor.now
        let connection = try await connected()
        let watch = executor.schedule(after: limit.left(since: start, on: executor)) { [limit] in
            connection.abandon(after: limit)
        }
        defer { watch.cancel() }
        return try await connection.call(command)
    }

    /// Ends the connection; what waits fails, and so does every later call.
    package func close() {
        isClosed = true
        connection?.close()
        connection = nil
    }

    // MARK: Connecting

    /// The connection there is, or a new one. Calls that come meanwhile wait for the same.
    private func connected() async throws(RedisError) -> RedisConnection {
        try checkIsOpen()
        if let connection { return connection }
        let task = connecting ?? connect()
        connecting = task
        let result = await task.result
        if connecting == task { connecting = nil }
        let fresh: RedisConnection
        do {
            fresh = try result.get().get()
        } catch {
            throw error as? RedisError ?? RedisError(.unreachable, "\(url) cannot be connected to.", cause: error)
        }
        if isClosed { fresh.close() }
        try checkIsOpen()
        return fresh
    }

    private func connect() -> Task<Result<RedisConnection, RedisError>, any Error> {
        executor.spawnResult { [self] in
            do throws(RedisError) {
                let fresh = try await RedisConnection.connect(to: url, on: executor, within: limit) {
                    self.assumeIsolated { $0.forgetLost() }
                }
                await keep(fresh)
                return .success(fresh)
            } catch {
                return .failure(error)
            }
        }
    }

    private func keep(_ fresh: RedisConnection) { if !fresh.hasEnded, !isClosed { connection = fresh } }

    private func forgetLost() { if connection?.hasEnded == true { connection = nil } }

    private func checkIsOpen() throws(RedisError) {
        if isClosed { throw RedisError(.closed, "This client of \(url) was closed.") }
    }
}
