import Foundation
import Synchronization

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The built executable, run as a user runs it.
final class Program {
    private let process = Process()
    private let output = Pipe()
    private let errors = Pipe()
    private var lines: [String] = []
    private var rest = ""

    /// Starts `waystation` with arguments, and with an environment of its own.
    init(_ arguments: [String], environment: [String: String] = [:]) throws {
        process.executableURL = Self.url
        process.arguments = arguments
        process.environment = environment.merging(["HOME": NSTemporaryDirectory()]) { given, _ in given }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = errors
        try process.run()
    }

    deinit {
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    }

    /// Runs a command to its end.
    static func run(_ arguments: [String], environment: [String: String] = [:]) throws -> Outcome {
        try Program(arguments, environment: environment).end()
    }

    /// What a program left behind.
    struct Outcome {
        let status: Int32
        let output: String
        let errors: String
    }

    /// Reads standard output up to and with a line.
    ///
    /// - Returns: the lines, or all there were when the program ended before.
    func lines(until last: String) -> [String] {
        while !lines.contains(last) {
            let data = output.fileHandleForReading.availableData
            guard !data.isEmpty else { break }
            rest += String(decoding: data, as: UTF8.self)
            let parts = rest.split(separator: "\n", omittingEmptySubsequences: false)
            lines += parts.dropLast().map(String.init)
            rest = parts.last.map(String.init) ?? ""
        }
        return lines
    }

    /// Sends a signal.
    func signal(_ signal: Int32) {
        kill(process.processIdentifier, signal)
    }

    /// Waits for the end.
    func end() -> Outcome {
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        let errors = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        let status =
            process.terminationReason == .exit ? process.terminationStatus : 128 + process.terminationStatus
        return Outcome(status: status, output: text, errors: errors)
    }

    /// The executable, which SwiftPM builds beside the tests.
    private static var url: URL {
        let tests = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        return tests.deletingLastPathComponent().appending(path: "waystation")
    }
}

/// A folder that is removed with the test.
final class TemporaryFolder {
    let path = NSTemporaryDirectory() + "waystation-program-\(UUID().uuidString)"
    deinit { try? FileManager.default.removeItem(atPath: path) }
}
