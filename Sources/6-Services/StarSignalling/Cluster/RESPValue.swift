package import NIOCore

/// What Redis answers, in version 2 of its protocol.
package enum RESPValue: Hashable, Sendable {
    /// A word such as `OK`.
    case simple(String)
    /// An error, which begins with a word that says its kind.
    case error(String)
    /// A number.
    case integer(Int64)
    /// Bytes.
    case bulk(ByteBuffer)
    /// Nothing, as for a key that does not exist.
    case null
    /// Several values.
    case array([RESPValue])

    /// The bytes, if it is bytes.
    var bytes: ByteBuffer? {
        guard case .bulk(let bytes) = self else { return nil }
        return bytes
    }

    /// The bytes as text, if it is that.
    var text: String? { bytes.flatMap { String(validating: $0.readableBytesView, as: UTF8.self) } }

    /// The values, if it is several.
    var elements: [RESPValue]? {
        guard case .array(let elements) = self else { return nil }
        return elements
    }
}

/// What Redis is told: a command and its arguments.
struct RESPCommand: Sendable {
    let parts: [ByteBuffer]

    init(_ parts: [ByteBuffer]) { self.parts = parts }

    init(_ parts: String...) { self.parts = parts.map { ByteBuffer(string: $0) } }

    /// The bytes that it takes, about.
    var byteCount: Int { parts.reduce(16) { $0 + $1.readableBytes + 16 } }

    /// Appends the command as Redis reads it.
    func write(to buffer: inout ByteBuffer) {
        buffer.writeString("*\(parts.count)\r\n")
        for part in parts {
            buffer.writeString("$\(part.readableBytes)\r\n")
            buffer.writeImmutableBuffer(part)
            buffer.writeStaticString("\r\n")
        }
    }
}
