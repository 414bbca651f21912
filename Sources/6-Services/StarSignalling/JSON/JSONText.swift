package import NIOCore

/// The borders within one valid JSON text, which stays as it is.
package enum JSONText {
    /// How deep arrays and objects may be nested in what is passed on to clients. Real offers need four levels; readers
    /// that recurse stand some thousands.
    package static let depthLimit = 64

    /// An array's elements.
    package struct Elements {
        /// Each element's text.
        package let texts: [ByteBuffer]
        /// How deep the whole text is nested: 1 for an array of plain values.
        package let depth: Int
    }

    /// The elements of a text that is one array.
    ///
    /// - Throws: `StarSignallingError` with `.malformed` when the text is not JSON, or no array.
    package static func elements(of text: ByteBuffer) throws(StarSignallingError) -> Elements {
        let bytes = text.readableBytesUInt8Span
        var scanner = JSONScanner()
        var texts: [ByteBuffer] = []
        try scanner.expect("[", bytes)
        if !scanner.skip("]", bytes) {
            repeat {
                texts.append(try value(&scanner, bytes, text))
            } while scanner.skip(",", bytes)
            try scanner.expect("]", bytes)
        }
        try end(&scanner, bytes)
        return Elements(texts: texts, depth: scanner.depth + 1)
    }

    /// The members of a text that is one object, in their order, doubled ones too. Each key is a JSON string, with quotes and
    /// escapes as it was written: ``JSONString/decode(_:)`` reads it.
    ///
    /// - Throws: `StarSignallingError` with `.malformed` when the text is not JSON, or no object.
    package static func members(
        of text: ByteBuffer, _ visit: (_ key: ByteBuffer, _ value: ByteBuffer) -> Void
    ) throws(StarSignallingError) {
        let bytes = text.readableBytesUInt8Span
        var scanner = JSONScanner()
        try scanner.expect("{", bytes)
        if !scanner.skip("}", bytes) {
            repeat {
                scanner.skipSpace(bytes)
                let start = scanner.position
                try scanner.skipString(bytes)
                let key = slice(text, start..<scanner.position)
                try scanner.expect(":", bytes)
                visit(key, try value(&scanner, bytes, text))
            } while scanner.skip(",", bytes)
            try scanner.expect("}", bytes)
        }
        try end(&scanner, bytes)
    }

    /// Whether the text is one JSON object.
    package static func isObject(_ text: ByteBuffer) -> Bool {
        let bytes = text.readableBytesUInt8Span
        var scanner = JSONScanner()
        guard let kind = try? scanner.skipValue(bytes) else { return false }
        return kind == .object && scanner.isAtEnd(of: bytes)
    }

    private static func value(
        _ scanner: inout JSONScanner, _ bytes: Span<UInt8>, _ text: ByteBuffer
    ) throws(StarSignallingError) -> ByteBuffer {
        scanner.skipSpace(bytes)
        let start = scanner.position
        try scanner.skipValue(bytes)
        return slice(text, start..<scanner.position)
    }

    private static func slice(_ text: ByteBuffer, _ range: Range<Int>) -> ByteBuffer {
        text.getSlice(at: text.readerIndex + range.lowerBound, length: range.count) ?? ByteBuffer()
    }

    private static func end(_ scanner: inout JSONScanner, _ bytes: Span<UInt8>) throws(StarSignallingError) {
        guard scanner.isAtEnd(of: bytes) else {
            throw StarSignallingError(.malformed, "Bytes follow the JSON text from byte \(scanner.position) on.")
        }
    }
}
