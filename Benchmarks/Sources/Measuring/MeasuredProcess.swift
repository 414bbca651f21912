import Foundation

/// A server under measurement, in a process of its own.
// SAFETY: all is set once by the initialiser; `Process` itself is used only by the one task that measures.
package final class MeasuredProcess: @unchecked Sendable {
    private let process: Process?
    private let identifier: Int32

    private init(_ process: Process) {
        self.process = process
        identifier = process.processIdentifier
    }

    /// A server that runs already, and stays when this is let go.
    package init(identifier: Int32) {
        process = nil
        self.identifier = identifier
    }

    deinit { stop() }

    /// Ends the process.
    package func stop() {
        if let process, process.isRunning {
            process.terminate()
            process.waitUntilExit()
        }
    }

    /// Processor time that the process has used, in microseconds; the kernel counts it in steps of 10 ms.
    package var processorTime: Double {
        guard let stat = try? String(contentsOfFile: "/proc/\(identifier)/stat", encoding: .utf8),
            let end = stat.lastIndex(of: ")")
        else { return 0 }
        // After the name: state is field 3, utime and stime are fields 14 and 15, in ticks of 10 ms.
        let fields = stat[stat.index(after: end)...].split(separator: " ")
        guard fields.count > 12, let user = Double(fields[11]), let system = Double(fields[12]) else { return 0 }
        return (user + system) * 10_000
    }

    /// Resident memory of the process, in bytes.
    package var memory: Double {
        guard let status = try? String(contentsOfFile: "/proc/\(identifier)/status", encoding: .utf8),
            let line = status.split(separator: "\n").first(where: { $0.hasPrefix("VmRSS:") })
        else { return 0 }
        return (line.split(whereSeparator: { $0 == " " || $0 == "\t" }).dropFirst().first.flatMap { Double($0) } ?? 0)
            * 1024
    }

    /// Starts a program and waits until it tells where it is.
    ///
    /// - Parameter parse: finds that in what was printed so far.
    package static func start<Place>(
        _ name: String, _ program: String, _ arguments: [String], environment: [String: String] = [:],
        parse: (String) -> Place?
    ) throws -> (MeasuredProcess, Place) {
        let process = Process()
        process.executableURL = URL(filePath: program)
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        var text = ""
        while true {
            let data = output.fileHandleForReading.availableData
            guard !data.isEmpty else { throw BenchmarkError("\(name) ended before it told where it is: \(text)") }
            text += String(decoding: data, as: UTF8.self)
            if let place = parse(text) { return (MeasuredProcess(process), place) }
        }
    }
}

/// Why a measurement could not be made.
package struct BenchmarkError: Error, CustomStringConvertible {
    package let description: String
    package init(_ description: String) { self.description = description }
}
