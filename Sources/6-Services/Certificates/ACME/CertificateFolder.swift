import FoundationEssentials

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Where what was obtained is kept, readable by the node alone: the key of an account, and a certificate with its key in one
/// file, so that neither is ever there without the other.
struct CertificateFolder {
    let path: String

    /// Makes the folder if need be.
    init(_ path: String) throws(CertificateError) {
        self.path = path
        do {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw CertificateError(.unreadable, "The folder \(path) cannot be made.", cause: error)
        }
    }

    /// A file's text; nil when there is no such file.
    func read(_ name: String) -> String? {
        FileManager.default.contents(atPath: "\(path)/\(name)").map { String(decoding: $0, as: UTF8.self) }
    }

    /// Puts a file in the place of an older one, at once or not at all.
    func write(_ text: String, to name: String) throws(CertificateError) {
        let new = "\(path)/\(name).new"
        let isWritten = FileManager.default.createFile(
            atPath: new, contents: Data(text.utf8), attributes: [.posixPermissions: 0o600])
        guard isWritten, rename(new, "\(path)/\(name)") == 0 else {
            throw CertificateError(
                .unreadable, "\(path)/\(name) cannot be written: is the disk full, or not the node's?")
        }
    }
}
