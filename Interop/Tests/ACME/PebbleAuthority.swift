import Foundation

/// Debian's `pebble`: a certificate authority that speaks ACME, with a name server of its own, `pebble-challtestsrv`, which
/// says that every name is this machine.
final class PebbleAuthority {
    /// What it asks of those who want certificates, and how it treats them.
    struct Manners {
        /// For how long its certificates are valid, in seconds.
        var validity = 86_400
        /// How many good nonces of a hundred it refuses all the same.
        var refusedNonces = 0
        /// The name and the key of the only account outside of ACME that its accounts may belong to.
        var external: (name: String, key: String)?
    }

    /// The URL of its directory.
    let directory: String
    /// The ports at which it looks for the proofs of HTTP-01 and TLS-ALPN-01.
    let httpPort: UInt16
    let tlsPort: UInt16
    /// Its name server, which a node may ask too.
    let nameServer: String
    /// The URL by which others write what the name server says.
    let names: String

    private let lab: Lab
    private let management: String
    private let certificate: CertificateOnDisk
    private let settings: String
    private let environment: [String: String]
    private var process: ChildProcess

    /// The flags with which a node orders its certificates here.
    var flags: [String] { ["--acme-directory", directory, "--acme-ca", certificate.chain] }

    fileprivate init(_ lab: Lab, _ manners: Manners) async throws {
        self.lab = lab
        let ports = try (0..<6).map { _ in try FreePort.find() }
        directory = "https://localhost:\(ports[0])/dir"
        management = "https://localhost:\(ports[1])"
        (httpPort, tlsPort) = (ports[2], ports[3])
        nameServer = "127.0.0.1:\(ports[4])"
        names = "http://127.0.0.1:\(ports[5])"
        certificate = try await lab.certificate(for: "localhost")
        environment = ["PEBBLE_VA_NOSLEEP": "1", "PEBBLE_WFE_NONCEREJECT": "\(manners.refusedNonces)"]
        settings = lab.path("pebble.json")
        var configuration: [String: Any] = [
            "listenAddress": "127.0.0.1:\(ports[0])", "managementListenAddress": "127.0.0.1:\(ports[1])",
            "certificate": certificate.chain, "privateKey": certificate.key, "httpPort": Int(httpPort),
            "tlsPort": Int(tlsPort), "ocspResponderURL": "", "certificateValidityPeriod": manners.validity,
            "externalAccountBindingRequired": manners.external != nil,
        ]
        if let external = manners.external { configuration["externalAccountMACKeys"] = [external.name: external.key] }
        try JSONSerialization.data(withJSONObject: ["pebble": configuration]).write(to: URL(filePath: settings))
        let names = try await lab.start(
            name: "pebble-challtestsrv", URL(filePath: "/usr/bin/pebble-challtestsrv"),
            [
                "-defaultIPv4", "127.0.0.1", "-defaultIPv6", "", "-dns01", nameServer, "-http01", "", "-https01", "",
                "-tlsalpn01", "", "-management", "127.0.0.1:\(ports[5])",
            ])
        _ = names
        process = try await Self.start(lab, settings, nameServer, environment)
        try await answers()
    }

    /// The file with the root by which its certificates are believed. It has a new one after each start.
    func root() async throws -> String {
        let path = lab.path("root.pem")
        let fetched = try await lab.run(
            "curl", "--silent", "--fail", "--cacert", certificate.chain, "--output", path, "\(management)/roots/0")
        guard fetched.status == 0 else { throw InteropError("pebble shows no root: \(fetched.errors)") }
        return path
    }

    /// Changes what its name server says: `verb` is one of `pebble-challtestsrv`'s calls, such as `set-txt`.
    func tell(_ verb: String, _ body: [String: Any]) async throws {
        let text = String(decoding: try JSONSerialization.data(withJSONObject: body), as: UTF8.self)
        let told = try await lab.run("curl", "--silent", "--fail", "--data", text, "\(names)/\(verb)")
        guard told.status == 0 else { throw InteropError("the name server does not \(verb): \(told.errors)") }
    }

    /// A program that writes the records of DNS-01 into its name server.
    func hook() throws -> String {
        let path = lab.path("hook")
        let script = """
            #!/bin/bash
            set -euo pipefail
            case $1 in
                present) verb=set-txt; body="{\\"host\\":\\"$2.\\",\\"value\\":\\"$3\\"}" ;;
                clean) verb=clear-txt; body="{\\"host\\":\\"$2.\\"}" ;;
            esac
            echo "$1 $2" >>"$0.log"
            exec curl --silent --fail --data "$body" \(names)/$verb
            """
        try Data(script.utf8).write(to: URL(filePath: path))
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
        return path
    }

    /// Ends it at once.
    func kill() async throws {
        process.signal(SIGUSR1)
        _ = try await process.status()
    }

    private func answers() async throws {
        try await eventually("pebble's directory") {
            try await lab.run(
                "curl", "--silent", "--fail", "--cacert", certificate.chain, "--output", "/dev/null", directory
            ).status == 0 ? true : nil
        }
    }

    private static func start(
        _ lab: Lab, _ settings: String, _ nameServer: String, _ environment: [String: String]
    ) async throws -> ChildProcess {
        try await lab.start(
            name: "pebble", URL(filePath: "/usr/bin/pebble"),
            ["-config", settings, "-dnsserver", nameServer, "-strict"], environment: environment)
    }
}

extension Lab {
    /// Starts an authority. Its ports were free a moment ago only, so that is tried again.
    func pebble(_ manners: PebbleAuthority.Manners = PebbleAuthority.Manners()) async throws -> PebbleAuthority {
        var attempts = 3
        while true {
            do {
                return try await PebbleAuthority(self, manners)
            } catch  where attempts > 1 {
                attempts -= 1
            }
        }
    }

    /// A node whose front door is where an authority looks for proofs.
    func node(
        provingTo authority: PebbleAuthority, dataFolder: String? = nil, _ more: [String]
    ) async throws -> NodeProcess {
        try await node(
            dataFolder: dataFolder, http: "127.0.0.1:\(authority.httpPort)",
            ["--https", "127.0.0.1:\(authority.tlsPort)"] + authority.flags + more)
    }
}
