import Foundation

/// py-libp2p in a process of its own: `Interop/python/peer.py`.
struct PythonPeer {
    /// What it dials and listens with, and nothing else.
    struct Stack: CustomStringConvertible, Sendable {
        var transport = "tcp"
        var security = "noise"
        var muxer = "yamux"

        var description: String { "\(transport)+\(security)+\(muxer)" }
    }

    let process: ChildProcess
    let id: String
    /// Its listen addresses, with its peer id.
    let addresses: [String]

    /// Makes one call and waits for its answer. Calls are answered in order, so one at a time.
    func call(
        _ name: String, _ arguments: [String: JSONValue] = [:], within limit: Duration = .seconds(70)
    ) async throws -> JSONValue {
        let request = JSONValue.object(arguments.merging(["call": .string(name)]) { $1 })
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        try process.send(String(decoding: try encoder.encode(request), as: UTF8.self))
        let line = try await process.output.take("py-libp2p's answer to \(name)", within: limit) { lines in
            lines.isEmpty ? nil : lines.removeFirst()
        }
        let answer = try JSONValue(parsing: line)
        if let error = answer["error"]?.string {
            throw InteropError("py-libp2p could not \(name): \(error)")
        }
        return answer["result"] ?? .null
    }
}

extension Lab {
    /// Starts a py-libp2p peer. Its start is tried again, for it sometimes hangs; what it does afterwards never is.
    func pythonPeer(
        _ stack: PythonPeer.Stack = .init(), dht: String = "client", key: String = "ed25519", namespaces: [String] = [],
        _ more: [String] = []
    ) async throws -> PythonPeer {
        var arguments = [
            tools.pythonScript("peer.py"), "--transport", stack.transport, "--security", stack.security, "--muxer",
            stack.muxer,
            "--dht", dht, "--key", key,
        ]
        arguments += namespaces.flatMap { ["--namespace", $0] } + more
        var attempts = 3
        while true {
            attempts -= 1
            let process = try await start(name: "py-libp2p \(stack)", tools.python, arguments, readsInput: true)
            do {
                let line = try await process.output.take("py-libp2p's start", within: .seconds(60)) { lines in
                    lines.isEmpty ? nil : lines.removeFirst()
                }
                let started = try JSONValue(parsing: line)
                guard let id = started["id"]?.string else { throw InteropError("py-libp2p says \(line)") }
                return PythonPeer(process: process, id: id, addresses: started["addresses"]?.strings ?? [])
            } catch  where attempts > 0 {
                await process.stop()
            }
        }
    }
}
