import Dispatch

/// Asks again and again until `question` answers something: for what happens inside another program and is told to
/// nobody. The last error is what the caller sees when `limit` has passed.
@discardableResult
func eventually<Answer>(
    _ what: String, within limit: Duration = .seconds(30), _ question: () async throws -> Answer?
) async throws -> Answer {
    let clock = ContinuousClock()
    let deadline = clock.now + limit
    var problem = "no answer"
    repeat {
        do {
            if let answer = try await question() { return answer }
        } catch {
            problem = "\(error)"
        }
        await withCheckedContinuation { continuation in
            DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(50)) { continuation.resume() }
        }
    } while clock.now < deadline
    throw InteropError("\(what) did not happen within \(limit): \(problem)")
}
