import FoundationEssentials

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Where what was obtained from an authority is kept, readable by the node alone: the key of the account, and each
/// certificate with its key in one file, so that neither is ever there without the other.
struct CertificateFolder {
    let path: String

    /// No name of a host has such a character.
    private static let account = "_account"

    /// Makes the folder if need be, one for each authority: a certificate of a test authority is none of the real one.
    ///
    /// - Parameter directory: the authority's URL.
    init(_ path: String, of directory: String) throws(CertificateError) {
        let rest = directory.drop { $0 != ":" }.drop { ":/".contains($0) }
        let name = String(rest.map { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == ".") ? $0 : "-" }.prefix(100))
        self.path = "\(path)/\(name)"
        do {
            try FileManager.default.createDirectory(
                atPath: self.path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw CertificateError(.unreadable, "The folder \(self.path) cannot be made.", cause: error)
        }
    }

    /// What is kept under a name; nil when there is nothing.
    func read(_ name: String) -> String? {
        FileManager.default.contents(atPath: file(name)).map { String(decoding: $0, as: UTF8.self) }
    }

    /// Puts a text in the place of an older one, at once or not at all.
    func write(_ text: String, to name: String) throws(CertificateError) {
        let new = file(name) + ".new"
        let isWritten = FileManager.default.createFile(
            atPath: new, contents: Data(text.utf8), attributes: [.posixPermissions: 0o600])
        guard isWritten, rename(new, file(name)) == 0 else {
            throw CertificateError(.unreadable, "\(file(name)) cannot be written: is the disk full, or not the node's?")
        }
    }

    /// The account's key, a new one the first time.
    func accountKey() throws(CertificateError) -> ACMEKey {
        if let pem = read(Self.account) {
            do {
                return try ACMEKey(pem: pem)
            } catch {
                throw CertificateError(
                    .malformed, "\(file(Self.account)) is no key: remove it to get a new account.", cause: error)
            }
        }
        let key = ACMEKey()
        try write(key.pem, to: Self.account)
        return key
    }

    private func file(_ name: String) -> String { "\(path)/\(name).pem" }
}
