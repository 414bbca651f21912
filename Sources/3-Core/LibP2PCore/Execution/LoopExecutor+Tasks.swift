public import NIOCore

extension LoopExecutor {
    /// Starts a task on this loop. This and `Connection` are the only places where tasks begin: a bare `Task { }` would
    /// run on the global pool, out of reach of a simulation's clock.
    @discardableResult
    public func spawn(_ work: @escaping @Sendable () async -> Void) -> Task<Void, Never> {
        Task(executorPreference: self) { await work() }
    }

    /// Starts a task on this loop whose result is waited for.
    public func spawnResult<Result: Sendable>(
        _ work: @escaping @Sendable () async throws -> Result
    ) -> Task<Result, any Error> {
        Task(executorPreference: self) { try await work() }
    }

    /// Runs `work` on the loop after `delay` unless cancelled before.
    @discardableResult
    public func schedule(after delay: Duration, _ work: @escaping @Sendable () -> Void) -> Scheduled<Void> {
        loop.scheduleTask(in: TimeAmount(delay)) { work() }
    }

    /// Suspends the caller for `delay` on the loop's clock.
    ///
    /// - Throws: ``NetworkError`` with `.cancelled` as soon as the task is cancelled.
    public func sleep(for delay: Duration) async throws {
        // The timer's own future ends in every case, also when the loop is shut down before its time.
        let timer = loop.scheduleTask(in: TimeAmount(delay)) {}
        do {
            try await withTaskCancellationHandler {
                try await timer.futureResult.get()
            } onCancel: {
                timer.cancel()
            }
        } catch {
            throw NetworkError(.cancelled, "The wait was cancelled.", cause: error)
        }
    }
}
