import Foundation
import LibP2PCore
import LibP2PIdentity
import LibP2PKademlia
import Multiformats
import NIOCore

/// Measures our node beside go-libp2p's daemon: one client, both servers, one run.
@main
struct NodeBench {
    static func main() async throws {
        var rest = CommandLine.arguments.dropFirst()
        switch rest.popFirst() {
        case "serve":
            try await serve(folder: rest.first ?? "")
        case "compare":
            let parts = Part.allCases.filter { rest.contains($0.rawValue) }
            let p2pd = rest.first { Part(rawValue: $0) == nil }
            try await compare(p2pd: p2pd, parts: parts.isEmpty ? Part.allCases : parts)
        case "load":
            try await RelayLoad.run(reservations: 10_000, circuits: 2_000)
        case "peers":
            guard rest.count == 2, let relay = rest.first, let count = rest.last.flatMap({ Int($0) }) else { exit(64) }
            try await RelayLoad.peers(relay: try Multiaddr(relay), count: count)
        default:
            say("usage: nodebench compare [P2PD] [\(Part.allCases.map(\.rawValue).joined(separator: "] ["))]")
            say("       nodebench load")
            exit(64)
        }
    }

    /// Prints a line at once, also into a file.
    static func say(_ line: String) {
        FileHandle.standardOutput.write(Data((line + "\n").utf8))
    }

    /// What can be measured by itself.
    enum Part: String, CaseIterable {
        case connections, findnode, ping, idle, relay
    }

    private static func compare(p2pd: String?, parts: [Part]) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "nodebench-\(getpid())").path
        try FileManager.default.createDirectory(atPath: folder + "/go", withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let ours = try await measure(try Server.waystation(folder: folder), parts)
        let theirs = try await p2pd.asyncMap { program in
            try await measure(try Server.p2pd(program, folder: folder + "/go"), parts) { server in
                var relay = server
                repeat {
                    relay.stop()
                    relay = try Server.p2pd(program, folder: folder + "/go", isRelay: true)
                } while await !carriesMuch(relay)
                return relay
            }
        }
        report(parts, ours, theirs)
    }

    /// - Parameter relay: makes another server of the same kind for the relay's part.
    private static func measure(
        _ server: Server, _ parts: [Part], relay: (Server) async throws -> Server = { $0 }
    ) async throws -> Figures {
        defer { server.stop() }
        var figures = Figures()
        say("\(server.name): filling its routing table")
        let peers = try await Neighbours.join(server, count: 24)
        for part in parts {
            say("\(server.name): \(part)")
            switch part {
            case .connections: try await measureConnections(server, count: 4000, workers: 16, into: &figures)
            case .findnode: try await measureFindNode(server, streams: 16, seconds: 5, into: &figures)
            case .ping: try await measurePing(server, count: 20_000, into: &figures)
            case .idle: try await measureIdle(server, count: 2000, into: &figures)
            case .relay:
                let server = try await relay(server)
                defer { server.stop() }
                try await measureRelayedBytes(server, mebibytes: 512, into: &figures.relay)
                try await measureCircuits(server, count: 16_000, workers: 16, into: &figures.relay)
                try await measureRelayedPing(server, count: 10_000, into: &figures.relay)
            }
        }
        await peers.leave()
        return figures
    }

    private static func report(_ parts: [Part], _ ours: Figures, _ theirs: Figures?) {
        func row(_ name: String, _ unit: String, _ value: (Figures) -> Double, _ digits: Int = 0) {
            let left = String(format: "%12.\(digits)f", value(ours))
            let right = theirs.map { String(format: "%12.\(digits)f", value($0)) } ?? "           -"
            let ratio = theirs.map { String(format: "%9.2f", value(ours) / value($0)) } ?? "        -"
            say(name.padding(toLength: 34, withPad: " ", startingAt: 0) + left + right + ratio + "  " + unit)
        }
        say("\n" + "".padding(toLength: 34, withPad: " ", startingAt: 0) + "  waystation        p2pd    ratio")
        for part in parts {
            switch part {
            case .connections:
                row("new connections", "/s", { $0.connectionsPerSecond })
                row("processor for each connection", "µs", { $0.processorPerConnection })
            case .findnode:
                row("FIND_NODE, 16 streams", "/s", { $0.findNodePerSecond })
                row("processor for each FIND_NODE", "µs", { $0.processorPerFindNode }, 1)
                row("FIND_NODE p50", "µs", { $0.findNode.p50 })
                row("FIND_NODE p99", "µs", { $0.findNode.p99 })
                row("FIND_NODE answer", "bytes", { $0.findNodeAnswer })
            case .ping:
                row("processor for each ping", "µs", { $0.processorPerPing }, 1)
                row("ping p50", "µs", { $0.ping.p50 }, 1)
                row("ping p99", "µs", { $0.ping.p99 }, 1)
            case .idle:
                row("memory for each idle connection", "KiB", { $0.memoryPerConnection / 1024 }, 1)
            case .relay:
                row("processor for each relayed MiB", "ms", { $0.relay.processorPerMebibyte / 1000 }, 2)
                row("relayed through one circuit", "MiB/s", { $0.relay.mebibytesPerSecond })
                row("circuits opened", "/s", { $0.relay.circuitsPerSecond })
                row("processor for each circuit", "µs", { $0.relay.processorPerCircuit })
                row("round trip, direct, p50", "µs", { $0.relay.direct.p50 }, 1)
                row("round trip, relayed, p50", "µs", { $0.relay.relayed.p50 }, 1)
                row("added by the relay", "µs", { $0.relay.relayed.p50 - $0.relay.direct.p50 }, 1)
            }
        }
    }
}

extension Optional {
    func asyncMap<Result>(_ transform: (Wrapped) async throws -> Result) async rethrows -> Result? {
        guard let self else { return nil }
        return try await transform(self)
    }
}
