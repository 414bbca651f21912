public import LibP2PCore

/// What the storage room throws. Equal by ``code``.
///
/// A node ends with status 69 for `.inUse` and `.notWritable`, with 78 for `.tooNew`, with 70 for the rest.
public struct StorageError: CodedError {
    /// What went wrong, for code to act on.
    public enum Code: String, Sendable, Hashable {
        /// Another process uses the data folder.
        case inUse
        /// The folder or a file in it can't be made or written.
        case notWritable
        /// The database was made by a newer version of this program.
        case tooNew
        /// The database failed.
        case failed
    }

    /// What went wrong, for code to act on.
    public let code: Code
    /// What was wrong, with the value, and what to do about it.
    public let message: String
    /// The error below this one.
    public let cause: (any Error)?

    init(_ code: Code, _ message: String, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }
}
