/// A certificate authority of a test's own, whose certificates nobody trusts who was not told to.
struct TestAuthority {
    /// The PEM file to be trusted.
    let certificate: String
    fileprivate let key: String
}

extension Lab {
    func authority() async throws -> TestAuthority {
        let authority = TestAuthority(certificate: path("authority.pem"), key: path("authority-key.pem"))
        try await openssl(
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
            "/CN=A test's authority", "-addext", "basicConstraints=critical,CA:TRUE", "-addext",
            "keyUsage=critical,keyCertSign", "-keyout", authority.key, "-out", authority.certificate)
        return authority
    }

    /// A certificate for a host and for loopback, signed by the authority.
    func certificate(for name: String, by authority: TestAuthority) async throws -> CertificateOnDisk {
        let files = CertificateOnDisk(chain: path("chain.pem"), key: path("key.pem"))
        try await openssl(
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
            "/CN=\(name)", "-addext", "subjectAltName=DNS:\(name),IP:127.0.0.1", "-addext",
            "basicConstraints=critical,CA:FALSE", "-addext", "extendedKeyUsage=serverAuth", "-CA",
            authority.certificate, "-CAkey", authority.key, "-keyout", files.key, "-out", files.chain)
        return files
    }

    private func openssl(_ arguments: String...) async throws {
        let made = try await run("openssl", arguments)
        guard made.status == 0 else { throw InteropError("openssl made no certificate: \(made.errors)") }
    }
}
