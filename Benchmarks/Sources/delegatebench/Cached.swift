import Foundation
import Measuring

extension DelegateBench {
    /// Answers that stand in the cache, over 32 connections that stay open, and over one.
    static func measureCached(_ network: Network) async throws {
        let cid = try await network.provide("cached", by: 0)
        let url = "\(network.url)/routing/v1/providers/\(cid)"
        let opening = try PlainConnection(network.url)
        try opening.ask("GET", "/routing/v1/providers/\(cid)")
        try opening.read(until: "\"Schema\"")
        say("cached answers, with one provider")
        for accept in ["application/json", "application/x-ndjson"] {
            let before = network.node.process.processorTime
            let load = try Load.run(url, accept: accept, connections: 32)
            let used = network.node.process.processorTime - before
            row("\(accept), 32 connections", load.requestsPerSecond, "/s")
            row("processor for each", used / load.requests, "µs", digits: 1)
            row("requests on one core", 1_000_000 * load.requests / used, "/s")
        }
        row("one connection, p50", try Load.run(url, accept: "application/json", connections: 1).p50, "µs")
    }
}

/// What `wrk` did.
private struct Load {
    var requests = 0.0
    var requestsPerSecond = 0.0
    /// Microseconds.
    var p50 = 0.0

    static func run(_ url: String, accept: String, connections: Int) throws -> Load {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/wrk")
        process.arguments = ["-t1", "-c\(connections)", "-d5s", "--latency", "-H", "Accept: \(accept)", url]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        var load = Load()
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            if words.first == "50%", let time = words.last { load.p50 = microseconds(time) }
            if words.first == "Requests/sec:" { load.requestsPerSecond = words.last.flatMap { Double($0) } ?? 0 }
            if words.dropFirst().first == "requests" { load.requests = words.first.flatMap { Double($0) } ?? 0 }
        }
        guard load.requests > 0, !text.contains("Non-2xx"), !text.contains("Socket errors") else {
            throw BenchmarkError("wrk did not get its answers: \(text)")
        }
        return load
    }

    private static func microseconds(_ text: Substring) -> Double {
        if text.hasSuffix("us") { return Double(text.dropLast(2)) ?? 0 }
        if text.hasSuffix("ms") { return (Double(text.dropLast(2)) ?? 0) * 1000 }
        return (Double(text.dropLast()) ?? 0) * 1_000_000
    }
}
