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
    package var bytes: ByteBuffer? {
        guard case .bulk(let bytes) = self else { return nil }
        return bytes
    }

    /// The bytes as text, if it is that.
    package var text: String? { bytes.flatMap { String(validating: $0.readableBytesView, as: UTF8.self) } }

    /// The values, if it is several.
    package var elements: [RESPValue]? {
        guard case .array(let elements) = self else { return nil }
        return elements
    }
}

/// What Redis is told: a command and its arguments.
package struct RESPCommand: Sendable {
    let parts: [ByteBuffer]

    /// A command of bytes.
    package init(_ parts: [ByteBuffer]) { self.parts = parts }

    /// A command of texts.
    package init(_ parts: some Sequence<String>) { self.init(parts.map { ByteBuffer(string: $0) }) }

    /// A command of texts.
    package init(_ parts: String...) { self.init(parts) }

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
