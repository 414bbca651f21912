import Foundation
import Multiformats

/// A node under measurement, in a process of its own.
// SAFETY: all is set once by the initialiser; `Process` itself is used only by the one task that measures.
final class Server: @unchecked Sendable {
    /// What it is called in the results.
    let name: String
    /// Where it listens, with its peer id.
    let address: Multiaddr
    private let process: Process

    private init(name: String, address: Multiaddr, process: Process) {
        self.name = name
        self.address = address
        self.process = process
    }

    deinit { stop() }

    /// Ends the process.
    func stop() {
        if process.isRunning {
            process.terminate()
            process.waitUntilExit()
        }
    }

    /// Processor time that the process has used, in microseconds.
    var processorTime: Double {
        guard let stat = try? String(contentsOfFile: "/proc/\(process.processIdentifier)/stat", encoding: .utf8),
            let end = stat.lastIndex(of: ")")
        else { return 0 }
        // After the name: state is field 3, utime and stime are fields 14 and 15, in ticks of 10 ms.
        let fields = stat[stat.index(after: end)...].split(separator: " ")
        guard fields.count > 12, let user = Double(fields[11]), let system = Double(fields[12]) else { return 0 }
        return (user + system) * 10_000
    }

    /// Resident memory of the process, in bytes.
    var memory: Double {
        guard let status = try? String(contentsOfFile: "/proc/\(process.processIdentifier)/status", encoding: .utf8),
            let line = status.split(separator: "\n").first(where: { $0.hasPrefix("VmRSS:") })
        else { return 0 }
        return (line.split(whereSeparator: { $0 == " " || $0 == "\t" }).dropFirst().first.flatMap { Double($0) } ?? 0)
            * 1024
    }

    /// Starts a program and waits until it tells its address.
    ///
    /// - Parameter parse: finds the address in what was printed so far.
    private static func start(
        _ name: String, _ program: String, _ arguments: [String], environment: [String: String] = [:],
        parse: (String) -> Multiaddr?
    ) throws -> Server {
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
            guard !data.isEmpty else { throw BenchmarkError("\(name) ended before it told its address: \(text)") }
            text += String(decoding: data, as: UTF8.self)
            if let address = parse(text) { return Server(name: name, address: address, process: process) }
        }
    }

    /// This package's node, run by this very program.
    static func waystation(folder: String) throws -> Server {
        try start(
            "waystation", CommandLine.arguments[0], ["serve", folder],
            parse: { text in
                guard text.contains("\nready") else { return nil }
                let line = text.split(separator: "\n").first {
                    $0.hasPrefix("listening /ip4/127.0.0.1/tcp/") && !$0.contains("/ws")
                }
                return line.flatMap { try? Multiaddr($0.dropFirst("listening ".count)) }
            })
    }

    /// go-libp2p's daemon.
    ///
    /// - Parameter isRelay: whether it is to relay without limits: its flags for that are in a race with its defaults,
    ///   which they win at times, and never on one processor.
    static func p2pd(_ program: String, folder: String, isRelay: Bool = false) throws -> Server {
        let port = try freePort()
        return try start(
            "p2pd", program,
            [
                "-listen", "/unix/\(folder)/control", "-hostAddrs", "/ip4/127.0.0.1/tcp/\(port)", "-dhtServer",
                "-connManager",
                "-connHi", "100000", "-connLo", "90000",
            ] + (isRelay ? ["-forceReachabilityPublic", "-relayMaxCircuits", "100000", "-relayTimeLimit", "24h"] : []),
            environment: ["GOMAXPROCS": isRelay ? "8" : "1"],
            parse: { text in
                guard let line = text.split(separator: "\n").first(where: { $0.hasPrefix("Peer ID: ") }) else {
                    return nil
                }
                return try? Multiaddr("/ip4/127.0.0.1/tcp/\(port)/p2p/\(line.dropFirst("Peer ID: ".count))")
            })
    }

    private static func freePort() throws -> Int {
        let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(socket) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(socket, $0, length) == 0 && getsockname(socket, $0, &length) == 0
            }
        }
        guard bound else { throw BenchmarkError("No free port: errno \(errno).") }
        return Int(UInt16(bigEndian: address.sin_port))
    }
}

/// Why a measurement could not be made.
struct BenchmarkError: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
