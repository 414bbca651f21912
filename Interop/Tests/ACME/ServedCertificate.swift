import Foundation

/// The certificate that openssl is shown at a port.
struct ServedCertificate: Hashable {
    let fingerprint: String
    let names: String
    /// Whether openssl believes it.
    let isTrusted: Bool
}

extension Lab {
    /// What is served for a name at a port of this machine; nil when no handshake comes about.
    func served(_ name: String, at port: UInt16, roots: String? = nil) async throws -> ServedCertificate? {
        let process = try await start(
            name: "openssl", URL(filePath: "/usr/bin/openssl"),
            ["s_client", "-connect", "127.0.0.1:\(port)", "-servername", name, "-verify_hostname", name]
                + (roots.map { ["-CAfile", $0] } ?? []))
        _ = try await process.status(within: .seconds(60))
        let text = try await process.output.takeUntilEnd("all output").joined(separator: "\n")
        guard let begin = text.range(of: "-----BEGIN CERTIFICATE-----"),
            let end = text.range(of: "-----END CERTIFICATE-----")
        else { return nil }
        let file = path("served.pem")
        try Data((text[begin.lowerBound..<end.upperBound] + "\n").utf8).write(to: URL(filePath: file))
        let shown = try await run(
            "openssl", "x509", "-in", file, "-noout", "-fingerprint", "-sha256", "-ext", "subjectAltName")
        return ServedCertificate(
            fingerprint: shown.output.first ?? "",
            names: shown.output.last?.trimmingCharacters(in: .whitespaces) ?? "",
            isTrusted: text.contains("Verify return code: 0 (ok)"))
    }

    /// Waits until a trusted certificate is served for a name.
    @discardableResult
    func trusted(_ name: String, at port: UInt16, by authority: PebbleAuthority) async throws -> ServedCertificate {
        let root = try await authority.root()
        return try await eventually("a trusted certificate for \(name)") {
            let certificate = try await self.served(name, at: port, roots: root)
            return certificate?.isTrusted == true ? certificate : nil
        }
    }
}
