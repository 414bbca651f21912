import Testing

/// A node's front door over TLS that is maltreated: what it counts, and whether anything is left of those who went.
struct TLSDoorWatch {
    /// A warm node opens a file now and then, such as its database's journal.
    static let spareFiles = 4

    let node: NodeProcess
    let port: Int
    private let lab: Lab
    private let certificate: CertificateOnDisk
    private let health: HealthWatch
    private let filesAtStart: Int

    /// Starts a node with a certificate for `localhost`, and warms it up.
    static func open(_ lab: Lab, _ flags: [String] = []) async throws -> TLSDoorWatch {
        let certificate = try await lab.certificate(for: "localhost")
        let node = try await lab.node(["--https", "127.0.0.1:0"] + certificate.flags + flags)
        guard let port = node.https?.split(separator: ":").last.flatMap({ Int($0) }) else {
            throw InteropError("the node has no port with TLS")
        }
        return try await TLSDoorWatch(node: node, port: port, lab: lab, certificate: certificate)
    }

    private init(node: NodeProcess, port: Int, lab: Lab, certificate: CertificateOnDisk) async throws {
        self.node = node
        self.port = port
        self.lab = lab
        self.certificate = certificate
        health = try HealthWatch(node, lab)
        try await health.expectHealthy()
        _ = try await lab.run("curl", "--silent", "--insecure", "https://localhost:\(port)/")
        filesAtStart = try await eventually("the node is at rest") {
            try await Self.connections(to: node) == 0 ? try node.process.openFiles() : nil
        }
    }

    func connect() async throws -> Socket { try await Socket.connect(port: port) }

    /// A client that behaves, by HTTP/2 and HTTP/1.1.
    func expectServed() async throws {
        for version in ["2", "1.1"] {
            let answer = try await lab.run(
                "curl", "--silent", "--show-error", "--http\(version)", "--cacert", certificate.chain, "--output",
                "/dev/null", "--write-out", "%{response_code} %{http_version}", "https://localhost:\(port)/")
            #expect(answer.output == ["200 \(version)"], "\(answer.errors)")
        }
    }

    /// What became of handshakes, without the one that warmed the node up.
    func outcomes() async throws -> [String: Int] {
        var outcomes: [String: Int] = [:]
        let pattern = /waystation_http_tls_handshakes_total\{(.*)\} ([0-9]+)/
        for line in try await HTTPAnswer.get(node.admin, "/metrics").body.split(separator: "\n") {
            guard let match = try pattern.wholeMatch(in: line),
                match.output.1.contains("server=\"front door over TLS\""),
                let outcome = try /outcome="([a-z_]+)"/.firstMatch(in: match.output.1)
            else { continue }
            outcomes[String(outcome.output.1)] = Int(match.output.2)
        }
        outcomes["completed", default: 1] -= 1
        return outcomes.filter { $0.value != 0 }
    }

    /// Waits until as many handshakes came to each end. One that has ended twice, or never, is seen.
    func expectOutcomes(_ expected: [String: Int]) async throws {
        var last: [String: Int] = [:]
        _ = try? await eventually("the handshakes have ended") {
            last = try await outcomes()
            return last == expected ? true : nil
        }
        #expect(last == expected)
    }

    /// Nothing is left of anybody, and the node is well.
    func expectAtRest() async throws {
        try await eventually("all connections are gone, with their files") {
            let connections = try await Self.connections(to: node) ?? -1
            let files = try node.process.openFiles()
            guard connections == 0, files <= filesAtStart + Self.spareFiles else {
                throw InteropError("\(connections) connections, \(files) files, of which \(filesAtStart) were at rest")
            }
            return true
        }
        try await health.expectHealthy()
    }

    /// Waits for a line of the log that has all of these texts in it.
    func expectLogged(_ texts: String...) async throws {
        _ = try await node.process.errors.take("\(texts) in the log") { lines -> Bool? in
            lines.contains { line in texts.allSatisfy { line.contains($0) } } ? true : nil
        }
    }

    private static func connections(to node: NodeProcess) async throws -> Int? {
        let line = "waystation_http_connections{server=\"front door over TLS\"} "
        return try await HTTPAnswer.get(node.admin, "/metrics").body.split(separator: "\n")
            .first { $0.hasPrefix(line) }.flatMap { Int($0.dropFirst(line.count)) }
    }
}
