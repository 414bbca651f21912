import NIOCore

/// Checks JSON (RFC 8259) and finds its borders, without decoding it, without recursion, in one pass.
///
/// Texts may be nested as deep as their length allows: that costs one bit a level. How deep the deepest was is remembered,
/// so that the caller can refuse what others could not read.
struct JSONScanner {
    /// What a value is, by its first character.
    enum Kind {
        case object, array, string, number, literal
    }

    /// Where the next character is read.
    private(set) var position: Int

    /// The most levels of arrays and objects that were open at once.
    private(set) var depth = 0

    private var open = JSONNesting()

    /// A scanner that begins at an index of the bytes.
    init(at position: Int = 0) { self.position = position }

    /// Whether all bytes are read but for white space.
    mutating func isAtEnd(of bytes: Span<UInt8>) -> Bool {
        skipSpace(bytes)
        return position >= bytes.count
    }

    /// Reads one value, with what is in it.
    ///
    /// - Throws: `StarSignallingError` with `.malformed`.
    @discardableResult
    mutating func skipValue(_ bytes: Span<UInt8>) throws(StarSignallingError) -> Kind {
        skipSpace(bytes)
        let kind = try kind(bytes)
        try beginValue(bytes)
        while !open.isEmpty { try endValue(bytes) }
        return kind
    }

    /// Reads a character that must come next, after white space.
    mutating func expect(_ character: Unicode.Scalar, _ bytes: Span<UInt8>) throws(StarSignallingError) {
        guard skip(character, bytes) else { throw fault("`\(character)` is missing", bytes) }
    }

    /// Reads a character if it comes next, after white space.
    mutating func skip(_ character: Unicode.Scalar, _ bytes: Span<UInt8>) -> Bool {
        skipSpace(bytes)
        guard position < bytes.count, bytes[position] == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    /// Reads white space.
    mutating func skipSpace(_ bytes: Span<UInt8>) {
        while position < bytes.count {
            switch bytes[position] {
            case 0x20, 0x09, 0x0a, 0x0d: position += 1
            default: return
            }
        }
    }

    /// Reads a string with its quotes: valid UTF-8, valid escapes. A lone surrogate as an escape is let through, as
    /// JavaScript lets it.
    mutating func skipString(_ bytes: Span<UInt8>) throws(StarSignallingError) {
        try expect("\"", bytes)
        while position < bytes.count {
            let byte = bytes[position]
            switch byte {
            case UInt8(ascii: "\""):
                position += 1
                return
            case UInt8(ascii: "\\"):
                try skipEscape(bytes)
            case 0x20..<0x80:
                position += 1
            case 0x80...:
                let length = UTF8Sequence.length(in: bytes, at: position)
                guard length > 0 else { throw fault("a string is not UTF-8", bytes) }
                position += length
            default:
                throw fault("a string holds a bare control character", bytes)
            }
        }
        throw fault("a string does not end", bytes)
    }

    // MARK: Values

    private func kind(_ bytes: Span<UInt8>) throws(StarSignallingError) -> Kind {
        guard position < bytes.count else { throw fault("a value is missing", bytes) }
        return switch bytes[position] {
        case UInt8(ascii: "{"): .object
        case UInt8(ascii: "["): .array
        case UInt8(ascii: "\""): .string
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): .number
        default: .literal
        }
    }

    /// Reads a value, or what opens it and stands before its first inner value.
    private mutating func beginValue(_ bytes: Span<UInt8>) throws(StarSignallingError) {
        var isComplete = false
        while !isComplete {
            skipSpace(bytes)
            switch try kind(bytes) {
            case .object:
                position += 1
                isComplete = skip("}", bytes)
                note(opened: .object, isComplete)
                if !isComplete { try skipKey(bytes) }
            case .array:
                position += 1
                isComplete = skip("]", bytes)
                note(opened: .array, isComplete)
            case .string:
                try skipString(bytes)
                isComplete = true
            case .number:
                try skipNumber(bytes)
                isComplete = true
            case .literal:
                try skipLiteral(bytes)
                isComplete = true
            }
        }
    }

    /// After a value within another: reads the comma and the next value's beginning, or what closes the outer one.
    private mutating func endValue(_ bytes: Span<UInt8>) throws(StarSignallingError) {
        let isObject = open.isInObject
        if skip(",", bytes) {
            if isObject { try skipKey(bytes) }
            try beginValue(bytes)
        } else {
            try expect(isObject ? "}" : "]", bytes)
            open.leave()
        }
    }

    private mutating func note(opened kind: JSONNesting.Level, _ isComplete: Bool) {
        depth = max(depth, open.count + 1)
        if !isComplete { open.enter(kind) }
    }

    private mutating func skipKey(_ bytes: Span<UInt8>) throws(StarSignallingError) {
        try skipString(bytes)
        try expect(":", bytes)
    }

    private mutating func skipEscape(_ bytes: Span<UInt8>) throws(StarSignallingError) {
        guard position + 1 < bytes.count else { throw fault("an escape is cut off", bytes) }
        switch bytes[position + 1] {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            position += 2
        case UInt8(ascii: "u"):
            guard position + 6 <= bytes.count else { throw fault("an escape is cut off", bytes) }
            for index in position + 2..<position + 6 where JSONString.hexDigit(bytes[index]) == nil {
                throw fault("an escape is not four hexadecimal digits", bytes)
            }
            position += 6
        default:
            throw fault("an escape is unknown", bytes)
        }
    }

    private mutating func skipNumber(_ bytes: Span<UInt8>) throws(StarSignallingError) {
        if bytes[position] == UInt8(ascii: "-") { position += 1 }
        if position < bytes.count, bytes[position] == UInt8(ascii: "0") {
            position += 1
        } else {
            try skipDigits(bytes)
        }
        if position < bytes.count, bytes[position] == UInt8(ascii: ".") {
            position += 1
            try skipDigits(bytes)
        }
        if position < bytes.count, bytes[position] | 0x20 == UInt8(ascii: "e") {
            position += 1
            if position < bytes.count, bytes[position] == UInt8(ascii: "+") || bytes[position] == UInt8(ascii: "-") {
                position += 1
            }
            try skipDigits(bytes)
        }
    }

    private mutating func skipDigits(_ bytes: Span<UInt8>) throws(StarSignallingError) {
        let start = position
        while position < bytes.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[position]) {
            position += 1
        }
        if position == start { throw fault("a digit is missing", bytes) }
    }

    private mutating func skipLiteral(_ bytes: Span<UInt8>) throws(StarSignallingError) {
        let word: StaticString =
            switch bytes[position] {
            case UInt8(ascii: "t"): "true"
            case UInt8(ascii: "f"): "false"
            default: "null"
            }
        for character in word.description.utf8 {
            guard position < bytes.count, bytes[position] == character else { throw fault("a value is unknown", bytes) }
            position += 1
        }
    }

    private func fault(_ what: String, _ bytes: Span<UInt8>) -> StarSignallingError {
        StarSignallingError(.malformed, "This is not JSON: \(what) at byte \(position) of \(bytes.count).")
    }
}
