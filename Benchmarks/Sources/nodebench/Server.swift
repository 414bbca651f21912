import Foundation
import Measuring
import Multiformats

/// A node under measurement.
final class Server: Sendable {
    /// What it is called in the results.
    let name: String
    /// Where it listens, with its peer id.
    let address: Multiaddr
    private let process: MeasuredProcess

    /// Starts a program and waits until it tells its address.
    ///
    /// - Parameter parse: finds the address in what was printed so far.
    private init(
        _ name: String, _ program: String, _ arguments: [String], environment: [String: String] = [:],
        parse: (String) -> Multiaddr?
    ) throws {
        self.name = name
        (process, address) = try MeasuredProcess.start(
            name, program, arguments, environment: environment, parse: parse)
    }

    /// Ends the process.
    func stop() { process.stop() }

    /// Processor time that the process has used, in microseconds.
    var processorTime: Double { process.processorTime }

    /// Resident memory of the process, in bytes.
    var memory: Double { process.memory }

    /// This package's node, run by this very program.
    static func waystation(folder: String) throws -> Server {
        try Server(
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
        return try Server(
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
}
