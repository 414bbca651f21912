/// A broker of AutoTLS that behaves as it is told: `Interop/python/broker.py`.
struct PythonBroker {
    let process: ChildProcess
    let url: String

    /// The flags with which a node gets its name here.
    var flags: [String] { ["--auto-tls", "--auto-tls-broker", url] }

    /// From now on it answers in this manner.
    func play(_ manner: String, _ options: [String: JSONValue] = [:]) async throws {
        try await process.call("play", options.merging(["manner": .string(manner)]) { $1 })
    }

    /// Lets held requests go on.
    func proceed() async throws { try await process.call("proceed") }

    /// What it was asked since the last call.
    func requests() async throws -> [JSONValue] { try await process.call("requests").array ?? [] }
}

extension Lab {
    /// Starts a broker that writes into an authority's name server.
    ///
    /// - Parameter certificate: the one for `localhost` by which it speaks TLS; nil for a broker without.
    func broker(
        for authority: PebbleAuthority, domain: String = "libp2p.direct", certificate: CertificateOnDisk? = nil
    ) async throws -> PythonBroker {
        var arguments = [tools.pythonScript("broker.py"), "--domain", domain, "--management", authority.names]
        if let certificate { arguments += ["--certificate", certificate.chain, "--key", certificate.key] }
        let process = try await start(name: "broker", tools.python, arguments, readsInput: true)
        let line = try await process.output.take("the broker's start") { $0.isEmpty ? nil : $0.removeFirst() }
        guard let url = try JSONValue(parsing: line)["url"]?.string else {
            throw InteropError("the broker says \(line)")
        }
        return PythonBroker(process: process, url: url)
    }
}
