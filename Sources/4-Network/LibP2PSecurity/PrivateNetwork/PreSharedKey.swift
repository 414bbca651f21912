internal import Multiformats

/// The key of a private network: who has it can take part, who does not sees noise.
///
/// Its file (`/key/swarm/psk/1.0.0/`, libp2p/specs pnet/Private-Networks-PSK-V1.md) has a line with the version, a line
/// with the encoding, and the key:
/// ```
/// /key/swarm/psk/1.0.0/
/// /base16/
/// dffb7e3135399a8b1612b2aaca1c36a3a8ac2cd0cca51ceeb2ced87d308cac6d
/// ```
public struct PreSharedKey: Sendable, Hashable, CustomStringConvertible {
    /// The length of every key, in bytes.
    public static let byteCount = 32

    private static let version = "/key/swarm/psk/1.0.0/"

    let bytes: [UInt8]

    /// A key of given bytes.
    ///
    /// - Throws: `SecurityError` of code `invalidKeyFile` unless there are exactly 32.
    public init(bytes: [UInt8]) throws(SecurityError) {
        guard bytes.count == Self.byteCount else {
            throw SecurityError(
                .invalidKeyFile, "a private network's key has \(Self.byteCount) bytes, this one has \(bytes.count)")
        }
        self.bytes = bytes
    }

    /// Reads the content of a key file. Lines may end in LF or CRLF, and nothing after the line of a textual key is
    /// looked at.
    ///
    /// - Throws: `SecurityError` of code `invalidKeyFile` that names the line at fault.
    public init(file: [UInt8]) throws(SecurityError) {
        var rest = file[...]
        let version = Self.takeLine(from: &rest)
        guard version == Self.version else {
            throw SecurityError(.invalidKeyFile, "the first line of a key file is \(Self.version), not \(version)")
        }
        let encoding = Self.takeLine(from: &rest)
        switch encoding {
        case "/bin/":
            try self.init(bytes: Array(rest))
        case "/base16/":
            try self.init(bytes: Self.decode(Self.takeLine(from: &rest).lowercased(), as: .base16))
        case "/base64/":
            try self.init(bytes: Self.decode(Self.takeLine(from: &rest), as: .base64pad))
        default:
            throw SecurityError(
                .invalidKeyFile, "the second line of a key file is /base16/, /base64/ or /bin/, not \(encoding)")
        }
    }

    /// The key as the content of a file, in base16: old JavaScript nodes read every file as base16.
    public var file: String {
        "\(Self.version)\n/base16/\n\(Multibase.base16.encodeBody(bytes))\n"
    }

    /// Says what this is, and keeps the key itself out of logs.
    public var description: String { "private network key" }

    private static func decode(_ text: String, as base: Multibase) throws(SecurityError) -> [UInt8] {
        do {
            return try base.decodeBody(text)
        } catch {
            // The text is the key, so it stays out of the message.
            throw SecurityError(.invalidKeyFile, "the third line of a key file is not the key in \(base)", cause: error)
        }
    }

    /// The text up to the next LF, without a CR or spaces before it. Lines are short; a long one is cut, as it is wrong
    /// anyhow.
    private static func takeLine(from rest: inout ArraySlice<UInt8>) -> String {
        let line = rest.prefix { $0 != UInt8(ascii: "\n") }
        rest = rest.dropFirst(line.count + 1)
        var text = line.prefix(128)
        while let last = text.last, last == UInt8(ascii: "\r") || last == UInt8(ascii: " ") { text.removeLast() }
        return String(decoding: text, as: UTF8.self)
    }
}
