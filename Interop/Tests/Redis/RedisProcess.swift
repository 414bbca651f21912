import Foundation

/// A real `redis-server` on a port of its own, which forgets everything when it ends.
final class RedisProcess {
    let url: String

    private let lab: Lab
    private let pidFile: String
    private let port: UInt16
    private let password: String?
    private var process: ChildProcess

    static let program = URL(filePath: "/usr/bin/redis-server")

    init(_ lab: Lab, password: String? = nil) async throws {
        guard FileManager.default.isExecutableFile(atPath: Self.program.path) else {
            throw InteropError("there is no \(Self.program.path): install Debian's redis-server (make test does)")
        }
        self.lab = lab
        self.password = password
        port = try FreePort.find()
        url = "redis://\(password.map { ":\($0)@" } ?? "")127.0.0.1:\(port)/3"
        pidFile = lab.path("redis.pid")
        process = try await Self.start(lab, port, password, pidFile)
    }

    /// Ends it at once, as a power cut would.
    func kill() async throws {
        process.signal(SIGUSR1)
        _ = try await process.status()
    }

    /// Lets it hang, as a machine without memory would.
    func pause() throws { try signal(SIGSTOP) }

    /// Lets it go on.
    func resume() throws { try signal(SIGCONT) }

    /// To itself: the process that the test has started is the leash.
    private func signal(_ number: Int32) throws {
        let text = try String(contentsOfFile: pidFile, encoding: .utf8)
        guard let identifier = Int32(text.trimmingCharacters(in: .whitespacesAndNewlines)) else {
            throw InteropError("redis-server wrote \(text) where its process number belongs")
        }
        Foundation.kill(identifier, number)
    }

    /// Starts it again, empty, where it was.
    func restart() async throws { process = try await Self.start(lab, port, password, pidFile) }

    private static func start(
        _ lab: Lab, _ port: UInt16, _ password: String?, _ pidFile: String
    ) async throws -> ChildProcess {
        var arguments = [
            "--port", "\(port)", "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", lab.folder.path,
            "--pidfile", pidFile,
        ]
        if let password { arguments += ["--requirepass", password] }
        let process = try await lab.start(name: "redis-server", program, arguments)
        _ = try await process.output.take("redis-server's readiness") { lines in
            lines.first { $0.contains("Ready to accept connections") }
        }
        return process
    }
}
