import Dispatch

/// Asks again and again until `question` answers something: for what happens inside another program and is told to
/// nobody. The last error is what the caller sees when `limit` has passed.
@discardableResult
func eventually<Answer>(
    _ what: String, within limit: Duration = .seconds(60), _ question: () async throws -> Answer?
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
        await pause(.milliseconds(50))
    } while clock.now < deadline
    throw InteropError("\(what) did not happen within \(limit): \(problem)")
}

/// Lets time pass, for the rhythm of what a test does; never as a way to wait for something.
func pause(_ duration: DispatchTimeInterval) async {
    await withCheckedContinuation { continuation in
        DispatchQueue.global().asyncAfter(deadline: .now() + duration) { continuation.resume() }
    }
}
