public import LibP2PIdentity

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// The node's private key on disk.
public enum NodeIdentity {
    /// Reads a key in any form that ``KeyFile`` knows.
    ///
    /// - Throws: ``NodeError``: `.unavailable` when the file cannot be read, `.configuration` when it holds no key.
    public static func read(_ path: String) throws(NodeError) -> PrivateKey {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw unavailable("read the identity file", path) }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: KeyFile.maxLength + 1)
        var length = 0
        while length < bytes.count {
            let count = bytes.withUnsafeMutableBytes {
                systemRead(file, $0.baseAddress?.advanced(by: length), $0.count - length)
            }
            if count < 0 { throw unavailable("read the identity file", path) }
            if count == 0 { break }
            length += count
        }
        do {
            return try KeyFile.read(Array(bytes.prefix(length)))
        } catch {
            throw NodeError(.configuration, "The identity file \(path) holds no private key", cause: error)
        }
    }

    /// Reads the key, or makes an Ed25519 key and writes it, readable by its owner only, where there is no file yet.
    ///
    /// - Throws: as ``read(_:)``, and `.unavailable` when the file cannot be written.
    public static func readOrMake(_ path: String) throws(NodeError) -> PrivateKey {
        if access(path, F_OK) == 0 { return try read(path) }
        let key: PrivateKey
        do {
            key = try PrivateKey.generate(.ed25519)
        } catch {
            throw NodeError(.internalFailure, "No key can be made", cause: error)
        }
        try write(key.protobuf, to: path)
        return key
    }

    /// Writes a key's bytes to a new file of mode 0600. It is complete or absent, whenever the process dies.
    ///
    /// - Throws: ``NodeError`` with `.unavailable` when the file exists already or cannot be written.
    public static func write(_ bytes: [UInt8], to path: String) throws(NodeError) {
        let draft = "\(path).\(getpid()).new"
        let file = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw unavailable("make the identity file", path) }
        defer { unlink(draft) }
        let count = bytes.withUnsafeBytes { systemWrite(file, $0.baseAddress, $0.count) }
        let isSafe = count == bytes.count && fsync(file) == 0
        close(file)
        // A link, unlike a rename, never replaces a key that appeared meanwhile.
        guard isSafe, link(draft, path) == 0 else { throw unavailable("write the identity file", path) }
    }

    private static func unavailable(_ what: String, _ path: String) -> NodeError {
        NodeError(.unavailable, "Cannot \(what) \(path): \(String(cString: strerror(errno)))")
    }
}

// The methods above have the names of the system calls they use.
private func systemRead(_ file: Int32, _ bytes: UnsafeMutableRawPointer?, _ count: Int) -> Int {
    read(file, bytes, count)
}
private func systemWrite(_ file: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int { write(file, bytes, count) }
