import FoundationEssentials
import LibP2PBitswap
import LibP2PCore
import Multiformats

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// The files of the blocks: one for each, named by its multihash, in folders of some hundred.
///
/// A file appears under its name with all its bytes or not at all: it is written aside and renamed. When it was stored and
/// used are its modification and access times; whether it is provided is the end of its name. So the folder alone tells
/// all, whenever the process ends. All of it blocks the thread.
struct BlockFolder: Sendable {
    /// What a file tells of its block.
    typealias Found = (hash: Multihash, entry: BlockIndex.Entry)

    private let path: String

    private static let providedSuffix = ".provided"
    private static let unfinishedPrefix = ".unfinished-"

    /// Claims a folder, which is made if need be. Its parent must exist.
    init(_ path: String) throws(StorageError) {
        self.path = path
        guard mkdir(path, 0o700) == 0 || errno == EEXIST, access(path, W_OK) == 0 else {
            throw StorageError(.notWritable, "cannot write to the folder \(path): \(Self.lastError)")
        }
    }

    /// All blocks in the folder, those used least recently first. Removes what a crash left unfinished.
    func scan() -> [Found] {
        var found: [Found] = []
        let files = FileManager.default
        for name in (try? files.contentsOfDirectory(atPath: path)) ?? [] {
            if name.hasPrefix(Self.unfinishedPrefix) { unlink(path + "/" + name) }
            guard name.utf8.count == 2 else { continue }
            for file in (try? files.contentsOfDirectory(atPath: path + "/" + name)) ?? [] {
                if let block = read(file, in: path + "/" + name) { found.append(block) }
            }
        }
        return found.sorted { $0.entry.usedAt < $1.entry.usedAt }
    }

    /// What a file's name and times tell; nil for a file that is none of ours.
    private func read(_ file: String, in folder: String) -> Found? {
        let isProvided = file.hasSuffix(Self.providedSuffix)
        let name = isProvided ? String(file.dropLast(Self.providedSuffix.count)) : file
        guard let (base, bytes) = try? Multibase.decode(name), base == .base32, let hash = try? Multihash(bytes: bytes)
        else { return nil }
        var status = stat()
        guard lstat(folder + "/" + file, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
            status.st_size <= Block.maxSize
        else { return nil }
        let entry = BlockIndex.Entry(
            size: Int(status.st_size), storedAt: Timestamp(status.modified), usedAt: Timestamp(status.accessed),
            isProvided: isProvided)
        return (hash, entry)
    }

    /// Writes a block.
    ///
    /// - Parameter number: unlike that of any other write under way.
    /// - Throws: ``StorageError`` with code ``StorageError/Code/failed``.
    func write(_ data: [UInt8], _ hash: Multihash, _ entry: BlockIndex.Entry, number: UInt64) throws(StorageError) {
        let unfinished = path + "/" + Self.unfinishedPrefix + String(number)
        let descriptor = open(unfinished, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Self.failed("make", unfinished) }
        let isWritten = Self.write(data, to: descriptor)
        let failure = isWritten ? nil : Self.failed("write", unfinished)
        guard close(descriptor) == 0, failure == nil else {
            let failure = failure ?? Self.failed("write", unfinished)
            unlink(unfinished)
            throw failure
        }
        Self.setTimes(of: unfinished, entry)
        let (folder, file) = location(of: hash, isProvided: entry.isProvided)
        guard mkdir(folder, 0o700) == 0 || errno == EEXIST, rename(unfinished, folder + "/" + file) == 0 else {
            let failure = Self.failed("make", folder + "/" + file)
            unlink(unfinished)
            throw failure
        }
    }

    private static func write(_ data: [UInt8], to descriptor: Int32) -> Bool {
        data.withUnsafeBytes { bytes in
            var rest = bytes[...]
            while !rest.isEmpty {
                let part = UnsafeRawBufferPointer(rebasing: rest)
                #if canImport(Darwin)
                    let count = Darwin.write(descriptor, part.baseAddress, part.count)
                #elseif canImport(Musl)
                    let count = Musl.write(descriptor, part.baseAddress, part.count)
                #else
                    let count = Glibc.write(descriptor, part.baseAddress, part.count)
                #endif
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { return false }
                rest = rest.dropFirst(count)
            }
            return true
        }
    }

    /// The bytes of a block as they stand there, unverified; nil when the file is gone.
    func data(of hash: Multihash, _ entry: BlockIndex.Entry) -> [UInt8]? {
        let (folder, file) = location(of: hash, isProvided: entry.isProvided)
        return FileManager.default.contents(atPath: folder + "/" + file).map { [UInt8]($0) }
    }

    /// Writes down when a block was stored and used.
    func setTimes(of hash: Multihash, _ entry: BlockIndex.Entry) {
        let (folder, file) = location(of: hash, isProvided: entry.isProvided)
        Self.setTimes(of: folder + "/" + file, entry)
    }

    /// Writes down whether a block is provided.
    func setProvided(_ hash: Multihash, _ isProvided: Bool) {
        let (folder, old) = location(of: hash, isProvided: !isProvided)
        rename(folder + "/" + old, folder + "/" + location(of: hash, isProvided: isProvided).file)
    }

    func remove(_ hash: Multihash, _ entry: BlockIndex.Entry) {
        let (folder, file) = location(of: hash, isProvided: entry.isProvided)
        unlink(folder + "/" + file)
    }

    /// The last characters differ between any two hashes, the first ones don't.
    private func location(of hash: Multihash, isProvided: Bool) -> (folder: String, file: String) {
        let name = Multibase.base32.encode(hash.bytes)
        return (path + "/" + name.suffix(3).prefix(2), isProvided ? name + Self.providedSuffix : name)
    }

    private static func setTimes(of file: String, _ entry: BlockIndex.Entry) {
        let times = [timespec(entry.usedAt), timespec(entry.storedAt)]
        utimensat(AT_FDCWD, file, times, 0)
    }

    private static func failed(_ verb: String, _ file: String) -> StorageError {
        StorageError(.failed, "cannot \(verb) \(file): \(lastError)")
    }

    private static var lastError: String { String(cString: strerror(errno)) }
}

extension Timestamp {
    fileprivate init(_ time: timespec) {
        self = Timestamp(seconds: Int64(time.tv_sec)) + .nanoseconds(Int64(time.tv_nsec))
    }
}

extension timespec {
    fileprivate init(_ time: Timestamp) {
        self.init(tv_sec: Int(time.seconds), tv_nsec: Int(time.nanoseconds - time.seconds * 1_000_000_000))
    }
}

extension stat {
    #if canImport(Darwin)
        fileprivate var modified: timespec { st_mtimespec }
        fileprivate var accessed: timespec { st_atimespec }
    #else
        fileprivate var modified: timespec { st_mtim }
        fileprivate var accessed: timespec { st_atim }
    #endif
}
