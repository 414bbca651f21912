/// A server of Delegated Routing V1 that behaves as it is told: `Interop/python/upstream.py`.
struct PythonUpstream {
    let process: ChildProcess
    let url: String

    /// From now on it answers in this manner.
    func play(_ manner: String, _ options: [String: JSONValue] = [:]) async throws {
        try await process.call("play", options.merging(["manner": .string(manner)]) { $1 })
    }

    /// Lets a held answer go on.
    func proceed() async throws { try await process.call("proceed") }

    /// What it was asked since the last call.
    func requests() async throws -> [JSONValue] { try await process.call("requests").array ?? [] }
}

extension Lab {
    func upstream() async throws -> PythonUpstream {
        let process = try await start(
            name: "upstream", tools.python, [tools.pythonScript("upstream.py")], readsInput: true)
        let line = try await process.output.take("the upstream's start") { $0.isEmpty ? nil : $0.removeFirst() }
        guard let url = try JSONValue(parsing: line)["url"]?.string else {
            throw InteropError("the upstream says \(line)")
        }
        return PythonUpstream(process: process, url: url)
    }
}
