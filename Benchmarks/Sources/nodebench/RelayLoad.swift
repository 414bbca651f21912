import Foundation
import LibP2PCore
import LibP2PIdentity
import Measuring
import Multiformats
import NIOCore

/// What a relay holds many of: reservations, and circuits that live. The peers are in processes of their own, since one
/// has no more than about 20,000 open files.
enum RelayLoad {
    static let processes = 4

    /// Fills a relay and prints what its memory says.
    static func run(reservations: Int, circuits: Int) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "relayload-\(getpid())").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let relay = try Server.waystation(folder: folder)
        defer { relay.stop() }
        let warm = try LoadProcess(relay: relay.address, peers: 100)
        try warm.waitForReady()
        try warm.openCircuits(20)
        let (empty, start, processor) = (relay.memory, microseconds(), relay.processorTime)
        let load = try (0..<processes).map { _ in
            try LoadProcess(relay: relay.address, peers: reservations / processes)
        }
        for process in load { try process.waitForReady() }
        let (reserved, time) = (relay.memory, (microseconds() - start) / 1e6)
        NodeBench.say(
            String(
                format: "%d reservations in %.1f s: %.1f KiB each, connection included; %.0f µs of processor each",
                reservations, time, (reserved - empty) / 1024 / Double(reservations),
                (relay.processorTime - processor) / Double(reservations)))
        for process in load { try process.openCircuits(circuits / processes) }
        NodeBench.say(
            String(
                format: "%d circuits alive: %.1f KiB each; %.0f MiB resident in all", circuits,
                (relay.memory - reserved) / 1024 / Double(circuits), relay.memory / 1_048_576))
        for process in load + [warm] { process.end() }
    }

    /// The other side: peers that reserve, then circuits between them on demand, until standard input ends.
    static func peers(relay: Multiaddr, count: Int) async throws {
        var peers: [RelayPeer] = []
        for _ in 0..<count {
            let peer = try await RelayPeer(at: relay)
            try await peer.reserve()
            peers.append(peer)
        }
        NodeBench.say("ready")
        var open: [Task<Void, any Error>] = []
        while let line = readLine(), let circuits = Int(line) {
            let opened = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingOldest(circuits))
            for number in 0..<circuits {
                let source = peers[number % peers.count]
                let target = peers[(number + 1) % peers.count].id
                open.append(
                    Task {
                        try await source.withCircuit(to: target, .echo) { stream in
                            let hello = ByteBuffer(repeating: 7, count: 32)
                            try await stream.write(hello)
                            guard try await stream.read(exactly: 32) == hello else { throw BenchmarkError("No echo.") }
                            opened.continuation.yield()
                            // Stays until the process ends.
                            while try await stream.read() != nil {}
                        }
                    })
            }
            var count = 0
            for await _ in opened.stream {
                count += 1
                if count == circuits { break }
            }
            NodeBench.say("ready")
        }
        exit(0)
    }
}

/// A process with peers in it.
private final class LoadProcess {
    private let process = Process()
    private let input = Pipe()
    private let output = Pipe()

    init(relay: Multiaddr, peers: Int) throws {
        process.executableURL = URL(filePath: CommandLine.arguments[0])
        process.arguments = ["peers", relay.description, "\(peers)"]
        process.standardInput = input
        process.standardOutput = output
        try process.run()
    }

    func openCircuits(_ count: Int) throws {
        input.fileHandleForWriting.write(Data("\(count)\n".utf8))
        try waitForReady()
    }

    func waitForReady() throws {
        let data = output.fileHandleForReading.availableData
        guard String(decoding: data, as: UTF8.self).hasPrefix("ready") else {
            throw BenchmarkError("A process with peers ended.")
        }
    }

    func end() {
        try? input.fileHandleForWriting.close()
        process.terminate()
        process.waitUntilExit()
    }
}
