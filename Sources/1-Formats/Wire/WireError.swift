/// Why bytes could not be read as a varint, a frame or a protobuf message.
///
/// Two errors are equal when their codes are; the message is for people.
public struct WireError: Error, Sendable, CustomStringConvertible {
    /// What kind of fault it was.
    public enum Code: Sendable, Hashable {
        /// A multiformats varint had a superfluous trailing zero byte.
        case nonMinimalVarint
        /// A varint was longer than its format allows, or its value does not fit.
        case varintTooLong
        /// A frame announced more bytes than its reader accepts.
        case frameTooLong
        /// A protobuf message ended within a field.
        case truncated
        /// A protobuf tag held field number 0 or one above 2^29 - 1.
        case invalidFieldNumber
        /// A protobuf tag held a wire type that does not exist, or a group.
        case unsupportedWireType
        /// A known protobuf field came with another wire type than its declaration says.
        case wrongWireType
        /// A protobuf string field was not UTF-8.
        case invalidUTF8
        /// A repeated field held more elements than its reader accepts.
        case tooManyElements
    }

    /// The kind of fault: what programs decide by.
    public let code: Code
    /// What was wrong, with the value.
    public let message: String
    /// The error below this one, if there was one.
    public let cause: (any Error)?

    /// Makes an error of a kind.
    public init(_ code: Code, _ message: String, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }

    /// The message, and the cause's if there is one.
    public var description: String {
        guard let cause else { return message }
        return "\(message) (\(cause))"
    }
}

extension WireError: Hashable {
    /// Errors are equal by code.
    public static func == (a: Self, b: Self) -> Bool { a.code == b.code }

    /// Hashes the code.
    public func hash(into hasher: inout Hasher) { hasher.combine(code) }
}
