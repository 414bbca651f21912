import FoundationEssentials

/// Where a certificate and its key are kept.
public struct CertificateFiles: Sendable, Hashable {
    /// PEM of the certificate and those that sign it.
    public var chain: String
    /// PEM of the key.
    public var key: String

    /// The files' paths.
    public init(chain: String, key: String) {
        self.chain = chain
        self.key = key
    }

    /// Reads both files.
    ///
    /// - Throws: ``CertificateError``: `.unreadable`, or what ``Credentials`` throws, with the files' names.
    public func read(protocols: [String]) throws(CertificateError) -> Credentials {
        let chainText = try Self.text(of: chain)
        let keyText = try Self.text(of: key)
        do {
            return try Credentials(chain: chainText, key: keyText, protocols: protocols)
        } catch {
            throw CertificateError(
                error.code, "\(chain) and \(key) cannot be used: \(error.message)", cause: error.cause)
        }
    }

    /// What tells whether the files were replaced.
    func stamp() -> Stamp { Stamp(chain: Self.stamp(of: chain), key: Self.stamp(of: key)) }

    /// When two files were written, and how long they are.
    struct Stamp: Hashable {
        let chain: FileStamp?
        let key: FileStamp?
    }

    struct FileStamp: Hashable {
        let changed: Date
        let size: UInt64
    }

    /// A file may have no more bytes: a chain of ten certificates has a third of that.
    private static let maxSize = 64 * 1024

    private static func text(of path: String) throws(CertificateError) -> String {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw CertificateError(.unreadable, "\(path) cannot be read: it must be a file that the node may read.")
        }
        guard data.count <= maxSize, let text = String(bytes: data, encoding: .utf8) else {
            throw CertificateError(.malformed, "\(path) is no PEM file: it has \(data.count) bytes, or no text.")
        }
        return text
    }

    private static func stamp(of path: String) -> FileStamp? {
        guard let attributes = try? FileManager.default.attributesOfItem(atPath: path),
            let changed = attributes[.modificationDate] as? Date
        else { return nil }
        return FileStamp(changed: changed, size: attributes[.size] as? UInt64 ?? 0)
    }
}
