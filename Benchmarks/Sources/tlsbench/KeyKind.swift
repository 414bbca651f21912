import Foundation
import Measuring

/// The kinds of key that browsers meet.
enum KeyKind: String, CaseIterable {
    case ecdsa = "ECDSA P-256"
    case rsa = "RSA 2048"

    private var options: [String] {
        switch self {
        case .ecdsa: ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
        case .rsa: ["rsa:2048"]
        }
    }

    /// A certificate for `localhost` that signs itself, made by Debian's openssl.
    func certificate(in folder: String) throws -> (chain: String, key: String) {
        let (chain, key) = ("\(folder)/\(self).pem", "\(folder)/\(self)-key.pem")
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/openssl")
        process.arguments =
            ["req", "-x509", "-newkey"] + options + [
                "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
                "-keyout", key, "-out", chain,
            ]
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw BenchmarkError("openssl made no certificate.") }
        return (chain, key)
    }
}
