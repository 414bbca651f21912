import Foundation
import Testing

/// Whether a node that is being maltreated is well: it answers a newcomer, its health route says so, and its memory has
/// not grown by more than a test may cost.
struct HealthWatch {
    /// Room for buffers and the allocator's reserves; what the tests would make an unbounded node hold is far more.
    static let memoryLimit = 96 << 20

    private let node: NodeProcess
    private let lab: Lab
    private let memoryAtStart: Int

    init(_ node: NodeProcess, _ lab: Lab) throws {
        self.node = node
        self.lab = lab
        memoryAtStart = try node.process.residentMemory()
    }

    func expectHealthy() async throws {
        for webSocket in [false, true] {
            let ping = try await lab.waystation("ping", try node.address(webSocket: webSocket), within: .seconds(60))
            #expect(ping.status == 0, "ping over \(webSocket ? "WebSocket" : "TCP"): \(ping.errors)")
        }
        #expect(try await HTTPAnswer.get(node.admin, "/healthz").status == 200)
        let growth = try node.process.residentMemory() - memoryAtStart
        #expect(growth < Self.memoryLimit, "resident memory grew by \(growth >> 20) MiB")
    }
}

extension ChildProcess {
    /// The folder in `/proc` of the program on the leash.
    private func folder() throws -> (path: String, memory: Int) {
        let leash = processIdentifier
        // The leash's children are the program and its own watcher, which is a copy of the shell.
        let children = try String(contentsOfFile: "/proc/\(leash)/task/\(leash)/children", encoding: .utf8)
            .split(separator: " ").map { "/proc/\($0)" }
        let sizes = children.compactMap { child -> (path: String, memory: Int)? in
            let status = try? String(contentsOfFile: "\(child)/status", encoding: .utf8)
            let line = status?.split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
            return line.flatMap { Int($0.filter(\.isNumber)) }.map { (child, $0 * 1024) }
        }
        guard let program = sizes.max(by: { $0.memory < $1.memory }) else {
            throw InteropError("\(name) is not running")
        }
        return program
    }

    /// Bytes of memory of the program on the leash.
    func residentMemory() throws -> Int { try folder().memory }

    /// Its open files, sockets included.
    func openFiles() throws -> Int {
        try FileManager.default.contentsOfDirectory(atPath: folder().path + "/fd").count
    }
}
