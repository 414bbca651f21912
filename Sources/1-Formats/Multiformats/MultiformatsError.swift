/// What every parser of this room throws. Two errors are equal when their codes are; the message is for people.
public struct MultiformatsError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What kind of value was wrong.
    public enum Code: String, Hashable, Sendable {
        /// A varint is truncated, too long or not minimal.
        case varint
        /// A text is not valid in its base, or its base is unknown.
        case multibase
        /// The bytes are not a multihash of this kind.
        case multihash
        /// The text or bytes are not a CID.
        case cid
        /// The text or bytes are not a multiaddr.
        case multiaddr
        /// A multiaddr holds a protocol that this version does not know.
        case unknownProtocol
        /// The input is longer than its named limit.
        case tooLong
    }

    /// What kind of value was wrong.
    public let code: Code
    /// What was wrong, with the value.
    public let message: String
    /// The error underneath, if there was one.
    public let cause: (any Error)?

    /// Makes an error; `message` names the value that was wrong.
    public init(_ code: Code, _ message: String, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }

    /// Equal by code.
    public static func == (lhs: Self, rhs: Self) -> Bool { lhs.code == rhs.code }

    /// Hashes the code.
    public func hash(into hasher: inout Hasher) { hasher.combine(code) }

    /// Code, message and cause in one line.
    public var description: String {
        guard let cause else { return "\(code.rawValue): \(message)" }
        return "\(code.rawValue): \(message) (\(cause))"
    }
}

extension MultiformatsError {
    /// A remote text cut down to what fits into a message.
    static func excerpt(_ text: some StringProtocol) -> String {
        let limit = 64
        return text.utf8.count <= limit ? "\"\(text)\"" : "\"\(text.prefix(limit))…\""
    }

    static func excerpt(_ utf8: some Collection<UInt8>) -> String {
        excerpt(String(decoding: utf8.prefix(80), as: UTF8.self))
    }
}
