/// Runs `work`, and cancels it when it takes longer than `limit` by the executor's clock.
///
/// - Throws: ``NetworkError`` with `.timeout`, or what `work` throws.
package func withDeadline<Result: Sendable>(
    _ limit: Duration, on executor: LoopExecutor, _ work: @escaping @Sendable () async throws -> Result
) async throws -> Result {
    try await withThrowingTaskGroup(of: Result.self) { group in
        defer { group.cancelAll() }
        group.addTask(executorPreference: executor) { try await work() }
        group.addTask(executorPreference: executor) {
            try await executor.sleep(for: limit)
            throw NetworkError(.timeout, "It took longer than \(limit).")
        }
        guard let result = try await group.next() else {
            throw NetworkError(.cancelled, "The work was cancelled.")
        }
        return result
    }
}
