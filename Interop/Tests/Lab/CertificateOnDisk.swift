import Foundation

/// A certificate that signs itself, in files.
struct CertificateOnDisk {
    let chain: String
    let key: String

    var flags: [String] { ["--tls-certificate", chain, "--tls-key", key] }

    /// Puts this one in another one's place.
    func replace(_ other: CertificateOnDisk) throws {
        try Data(contentsOf: URL(filePath: chain)).write(to: URL(filePath: other.chain), options: .atomic)
        try Data(contentsOf: URL(filePath: key)).write(to: URL(filePath: other.key), options: .atomic)
    }
}

extension Lab {
    /// - Parameter key: the kind of its key, in openssl's words.
    func certificate(for name: String, key: String = "ec") async throws -> CertificateOnDisk {
        let files = CertificateOnDisk(chain: path("chain.pem"), key: path("key.pem"))
        let made = try await run(
            "openssl",
            ["req", "-x509", "-newkey", key] + (key == "ec" ? ["-pkeyopt", "ec_paramgen_curve:P-256"] : []) + [
                "-nodes", "-days", "2", "-subj", "/CN=\(name)", "-addext", "subjectAltName=DNS:\(name)", "-keyout",
                files.key, "-out", files.chain,
            ])
        guard made.status == 0 else { throw InteropError("openssl made no certificate: \(made.errors)") }
        return files
    }

    /// One that expires soon.
    func certificate(for name: String, seconds: Int) async throws -> CertificateOnDisk {
        let files = CertificateOnDisk(chain: path("chain.pem"), key: path("key.pem"))
        let python = try await start(
            name: "certificate.py", tools.python,
            [tools.pythonScript("certificate.py"), name, "\(seconds)", files.chain, files.key])
        guard try await python.status(within: .seconds(60)) == 0 else {
            throw InteropError("certificate.py made no certificate")
        }
        return files
    }

    /// What a node tells others.
    func announced(by node: NodeProcess) async throws -> [String] {
        try JSONValue(parsing: try await HTTPAnswer.get(node.admin, "/api/node").body)["announcedAddresses"]?.strings
            ?? []
    }

    /// Runs one of the system's programs to its end.
    func run(_ program: String, _ arguments: String...) async throws -> CommandResult {
        try await run(program, arguments)
    }

    /// Runs one of the system's programs to its end.
    func run(_ program: String, _ arguments: [String]) async throws -> CommandResult {
        let process = try await start(name: program, URL(filePath: "/usr/bin/\(program)"), arguments)
        let status = try await process.status(within: .seconds(60))
        return CommandResult(
            status: status, output: try await process.output.takeUntilEnd("all output"),
            errors: try await process.errors.takeUntilEnd("all error output"))
    }
}
