import Foundation
import LibP2PTesting

/// The file that holds the input under way. Two system calls for each input: a run of many should not wait for it.
final class InputTrace {
    /// Where the files stand: the system's temporary folder, in `waystation-fuzz`.
    static let folder = FileManager.default.temporaryDirectory.appending(path: "waystation-fuzz")

    private let file: URL
    private let descriptor: Int32

    /// - Parameter name: the target's.
    init(name: String) throws {
        try FileManager.default.createDirectory(at: Self.folder, withIntermediateDirectories: true)
        file = Self.folder.appending(path: "\(name)-\(getpid()).input")
        descriptor = open(file.path, O_CREAT | O_WRONLY | O_TRUNC, 0o600)
        guard descriptor >= 0 else { throw CocoaError(.fileWriteUnknown, userInfo: [NSFilePathErrorKey: file.path]) }
    }

    deinit { close(descriptor) }

    /// Replaces the file's content.
    func write(_ input: [UInt8]) {
        let written = pwrite(descriptor, input, input.count, 0)
        precondition(written == input.count && ftruncate(descriptor, off_t(input.count)) == 0, "the disk is full")
    }

    /// Removes the file.
    func remove() { unlink(file.path) }

    /// A name for an input: FNV-1a of its bytes.
    static func hash(of input: [UInt8]) -> String { String(SeededGenerator.hash(of: input), radix: 16) }
}
