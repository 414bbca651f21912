import Foundation
import Synchronization

/// A test's own little network: a temporary folder and the processes started in it. When the test's body returns, all of
/// them are stopped; when it throws, their last lines are printed first.
final class Lab: Sendable {
    let tools: InteropTools
    let folder: URL
    private let children = Mutex<[ChildProcess]>([])

    private init() throws {
        tools = try InteropTools.find()
        // Short, because the path of a unix socket has little room.
        folder = FileManager.default.temporaryDirectory.appending(path: "lab-\(UInt32.random(in: 0 ... .max))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    static func open<Result>(_ body: (Lab) async throws -> Result) async throws -> Result {
        let lab = try Lab()
        do {
            let result = try await body(lab)
            await lab.close()
            return result
        } catch {
            lab.printLogs()
            await lab.close()
            throw error
        }
    }

    func start(
        name: String, _ program: URL, _ arguments: [String], readsInput: Bool = false,
        environment: [String: String] = [:]
    ) async throws -> ChildProcess {
        let child = try await ChildProcess(
            name: name, program, arguments, readsInput: readsInput, leash: tools.leash, environment: environment)
        children.withLock { $0.append(child) }
        return child
    }

    /// A path in the lab's folder that nobody uses yet.
    func path(_ name: String) -> String {
        let number = children.withLock { $0.count }
        return folder.appending(path: "\(name)-\(number)-\(UInt16.random(in: 0 ... .max))").path
    }

    func printLogs() {
        for child in children.withLock({ $0 }) {
            print("--- \(child.name)")
            for line in child.logTail { print(line) }
        }
    }

    private func close() async {
        for child in children.withLock({ $0 }) {
            await child.stop()
        }
        try? FileManager.default.removeItem(at: folder)
    }
}
