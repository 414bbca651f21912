/// A delegate's client of another time and make: `Interop/python/delegated.py`.
struct DelegateClient {
    /// The client says that its call failed.
    struct Failure: Error, CustomStringConvertible {
        /// The status of the answer; 0 when the client could not read the answer.
        let status: Int
        let message: String

        var description: String { "\(status): \(message)" }
    }

    private let process: ChildProcess

    fileprivate init(process: ChildProcess) { self.process = process }

    /// Makes a call.
    ///
    /// - Throws: ``Failure`` when the call fails in the client.
    @discardableResult
    func call(_ name: String, _ arguments: [String: JSONValue] = [:]) async throws -> JSONValue {
        let answer = try await process.exchange(name, arguments, within: .seconds(120))
        if let message = answer["error"]?.string {
            throw Failure(status: Int(answer["status"]?.double ?? 0), message: message)
        }
        return answer["result"] ?? .null
    }

    /// Makes a call that is to fail.
    func failure(of name: String, _ arguments: [String: JSONValue] = [:]) async throws -> Failure {
        do {
            let result = try await call(name, arguments)
            throw InteropError("\(name) did not fail: \(result)")
        } catch let failure as Failure {
            return failure
        }
    }

    /// What it asked since the last call, as method and target.
    func requests() async throws -> [String] { try await call("requests").strings }
}

extension [JSONValue] {
    /// The members named `id`.
    var ids: [String] { compactMap { $0["id"]?.string } }
}

extension Lab {
    /// Starts clients of 2020 and of today that ask one delegate.
    ///
    /// - Parameters:
    ///   - browser: whether they send what a browser sends.
    ///   - routing: the version of 2020's modules, which publish differently: 0.8 or 0.9.
    func delegateClient(
        of node: NodeProcess, browser: Bool = false, routing: String = "0.8"
    ) async throws -> DelegateClient {
        let process = try await start(
            name: "delegated.py", tools.python,
            [tools.pythonScript("delegated.py"), "--routing", routing] + (browser ? ["--browser"] : []) + [node.http],
            readsInput: true)
        return DelegateClient(process: process)
    }

    /// Waits until so many peers are in a node's routing table.
    func waitForPeers(_ count: Int, of node: NodeProcess) async throws {
        try await eventually("\(count) peers come into the routing table") {
            try await HTTPAnswer.get(node.admin, "/metrics").body
                .contains("waystation_dht_peers{protocol=\"/ipfs/kad/1.0.0\"} \(count)\n") ? true : nil
        }
    }
}
