/// The shape of the errors of all rooms from here up: one struct for each, which tells programs what went wrong by a code
/// and people by a message.
///
/// Two errors are equal when their codes are.
public protocol CodedError: Error, Hashable, CustomStringConvertible {
    /// The kinds of failure.
    associatedtype Code: Hashable, Sendable

    /// What went wrong, for code to act on.
    var code: Code { get }
    /// What was wrong, with the value, and what to do about it.
    var message: String { get }
    /// The error below this one.
    var cause: (any Error)? { get }
}

extension CodedError {
    /// Equal by code.
    public static func == (left: Self, right: Self) -> Bool { left.code == right.code }

    /// Hashes the code.
    public func hash(into hasher: inout Hasher) { hasher.combine(code) }

    /// The message, and the cause where there is one.
    public var description: String {
        guard let cause else { return message }
        return "\(message) (\(cause))"
    }
}
