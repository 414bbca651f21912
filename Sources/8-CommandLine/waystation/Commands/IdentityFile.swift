import Foundation
import LibP2PIdentity
import WaystationNode

/// A private key in a file of mode 0600, as the commands see it.
struct IdentityFile {
    let path: String

    /// Whether there is a file.
    var exists: Bool { FileManager.default.fileExists(atPath: path) }

    /// Reads the key, in any format.
    func read() throws(NodeError) -> PrivateKey {
        try NodeIdentity.read(path)
    }

    /// Writes a key, with the folders above. A file that is there stays, unless `replacing`: then it gets another name.
    ///
    /// - Throws: `NodeError`: `.failed` when there is a file already or the format cannot hold the key, `.unavailable`
    ///   when it cannot be written.
    func write(_ key: PrivateKey, as format: KeyFile = .protobuf, replacing: Bool = false) throws(NodeError) {
        let bytes = try Self.bytes(of: key, as: format)
        guard replacing || !exists else {
            throw NodeError(.failed, "\(path) exists; to replace the key in it, say --force")
        }
        do {
            try FileManager.default.createDirectory(
                at: URL(fileURLWithPath: path).deletingLastPathComponent(), withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700])
            if exists {
                let old = path + ".old"
                if FileManager.default.fileExists(atPath: old) { try FileManager.default.removeItem(atPath: old) }
                try FileManager.default.moveItem(atPath: path, toPath: old)
            }
        } catch {
            throw NodeError(.unavailable, "\(path) cannot be written", cause: error)
        }
        try NodeIdentity.write(bytes, to: path)
    }

    /// A key as the bytes of a file.
    static func bytes(of key: PrivateKey, as format: KeyFile) throws(NodeError) -> [UInt8] {
        do {
            return try format.bytes(of: key)
        } catch {
            throw NodeError(.failed, "this key cannot be written as \(format.rawValue)", cause: error)
        }
    }
}
