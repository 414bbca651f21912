import Foundation
import Synchronization

/// A program on the leash: it ends with the test, whatever happens to the test.
final class ChildProcess: Sendable {
    /// How many of the last lines of each output stream are kept for a failure's report.
    static let logLimit = 200

    let name: String
    /// Lines of standard output.
    let output = Mailbox<String>()
    /// Lines of standard error.
    let errors = Mailbox<String>()

    private let exit = Mailbox<Int32>()
    private let log = Mutex<[String]>([])
    private let handles: Mutex<Handles>

    // SAFETY: only ever touched inside the Mutex that holds it.
    private struct Handles: @unchecked Sendable {
        let process: Process
        let input: FileHandle
        var inputIsOpen = true
    }

    /// With `readsInput` the program gets its standard input from ``send(_:)`` and is expected to end when it does;
    /// else it stands behind `leash`.
    init(
        name: String, _ program: URL, _ arguments: [String], readsInput: Bool = false, leash: URL,
        environment: [String: String] = [:]
    ) throws {
        self.name = name
        let process = Process()
        process.executableURL = readsInput ? program : leash
        process.arguments = readsInput ? arguments : [program.path] + arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { _, new in new }
        let (input, output, errors) = (Pipe(), Pipe(), Pipe())
        process.standardInput = input
        process.standardOutput = output
        process.standardError = errors
        handles = Mutex(Handles(process: process, input: input.fileHandleForWriting))
        process.terminationHandler = { [exit] process in
            let killed = process.terminationReason == .uncaughtSignal
            exit.deliver([killed ? 128 + process.terminationStatus : process.terminationStatus])
            exit.end("the process has ended")
        }
        deliverLines(of: output, to: self.output)
        deliverLines(of: errors, to: self.errors)
        try process.run()
    }

    func send(_ line: String) throws {
        try handles.withLock { handles in
            guard handles.inputIsOpen else { throw InteropError("\(name) was told to stop") }
            try handles.input.write(contentsOf: Data((line + "\n").utf8))
        }
    }

    /// Sends SIGTERM (or another signal; SIGUSR1 makes the leash send SIGKILL).
    func signal(_ number: Int32 = SIGTERM) {
        handles.withLock { handles in
            guard handles.process.isRunning else { return }
            kill(handles.process.processIdentifier, number)
        }
    }

    var processIdentifier: Int32 { handles.withLock { $0.process.processIdentifier } }

    /// The exit status, 128 + number when a signal ended it.
    func status(within limit: Duration = .seconds(20)) async throws -> Int32 {
        try await exit.take("the end of \(name)", within: limit) { $0.first }
    }

    /// Ends the program by ending its standard input and waits until it is gone.
    func stop() async {
        handles.withLock { handles in
            guard handles.inputIsOpen else { return }
            handles.inputIsOpen = false
            try? handles.input.close()
        }
        if (try? await status()) == nil {
            signal(SIGKILL)
        }
    }

    /// The last lines of both output streams.
    var logTail: [String] { log.withLock { $0 } }

    private func deliverLines(of pipe: Pipe, to mailbox: Mailbox<String>) {
        let partial = Mutex<[UInt8]>([])
        pipe.fileHandleForReading.readabilityHandler = { [weak self] handle in
            let data = handle.availableData
            guard !data.isEmpty else {
                handle.readabilityHandler = nil
                mailbox.end("the output has ended")
                return
            }
            let lines = partial.withLock { partial -> [String] in
                partial += data
                var pieces = partial.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
                partial = Array(pieces.removeLast())
                return pieces.map { String(decoding: $0, as: UTF8.self) }
            }
            self?.log.withLock { log in
                log += lines
                log.removeFirst(max(0, log.count - Self.logLimit))
            }
            mailbox.deliver(lines)
        }
    }
}
