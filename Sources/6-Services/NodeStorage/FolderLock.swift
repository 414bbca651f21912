import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// The claim of one process on a data folder. It ends with ``release()``, and by itself when the process dies.
public final class FolderLock: Sendable {
    private let descriptor: Mutex<Int32?>

    /// Claims a folder, which is made if it does not exist.
    ///
    /// - Throws: ``StorageError``: `.inUse` while another process, or this one, holds it; `.notWritable`.
    public init(folder: String) throws(StorageError) {
        try Self.makeFolder(folder)
        let path = folder + "/lock"
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw StorageError(.notWritable, "cannot open \(path): \(Self.lastError); choose another --data-dir")
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let isHeld = errno == EWOULDBLOCK
            let reason = Self.lastError
            close(descriptor)
            guard isHeld else { throw StorageError(.notWritable, "cannot lock \(path): \(reason)") }
            throw StorageError(
                .inUse, "the data folder \(folder) is in use by another process; stop it or choose another --data-dir")
        }
        self.descriptor = Mutex(descriptor)
    }

    /// Gives the folder free. Calling it again does nothing.
    public func release() {
        descriptor.withLock { descriptor in
            if let open = descriptor { close(open) }
            descriptor = nil
        }
    }

    deinit { release() }

    /// Makes a folder with those above it, readable by its owner only.
    private static func makeFolder(_ folder: String) throws(StorageError) {
        var path = folder.hasPrefix("/") ? "/" : ""
        for part in folder.split(separator: "/") {
            path += part + "/"
            guard mkdir(path, 0o700) != 0, errno != EEXIST else { continue }
            // A folder above may be one that can't be written and is there all the same.
            guard access(path, F_OK) != 0 else { continue }
            throw StorageError(.notWritable, "cannot make the folder \(path): \(lastError); choose another --data-dir")
        }
    }

    private static var lastError: String { String(cString: strerror(errno)) }
}
