/// Reads JSON that a stranger wrote, in one pass over its bytes.
///
/// Foundation's decoder asks each value what it is by trial and error, which costs microseconds for each one: a hostile
/// mebibyte of zeros would keep a loop busy for seconds. Depth and number of values are bounded besides.
struct JSONReader {
    /// How many lists and objects may stand within one another.
    static let maxDepth = 32
    /// Values of one text, keys not counted.
    static let maxValues = 65_536

    private let bytes: [UInt8]
    private var position = 0
    private var values = 0

    private init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// The value that a whole text is.
    ///
    /// - Throws: ``RoutingError`` with code ``RoutingError/Code/badInput``.
    static func value(of bytes: [UInt8]) throws(RoutingError) -> JSONValue {
        var reader = JSONReader(bytes)
        let value = try reader.value(depth: 0)
        guard reader.next() == nil else { throw reader.error("something follows its end") }
        return value
    }

    private func error(_ what: String) -> RoutingError {
        RoutingError(.badInput, "\(bytes.count) bytes are no JSON: \(what) at \(position)")
    }

    // MARK: Bytes

    private var current: UInt8? { position < bytes.count ? bytes[position] : nil }

    /// The next byte that is no space; it stays where it is.
    private mutating func next() -> UInt8? {
        while let byte = current, byte == 0x20 || 0x09...0x0a ~= byte || byte == 0x0d { position += 1 }
        return current
    }

    private mutating func expect(_ byte: UInt8) throws(RoutingError) {
        guard next() == byte else { throw error("\"\(Character(UnicodeScalar(byte)))\" is missing") }
        position += 1
    }

    /// Whether a list or object goes on: after a comma, or at its first element.
    private mutating func goesOn(until end: UInt8, isFirst: Bool) throws(RoutingError) -> Bool {
        if next() == end {
            position += 1
            return false
        }
        if !isFirst { try expect(UInt8(ascii: ",")) }
        return true
    }

    // MARK: Values

    private mutating func value(depth: Int) throws(RoutingError) -> JSONValue {
        values += 1
        guard values <= Self.maxValues else { throw error("more than \(Self.maxValues) values") }
        guard depth < Self.maxDepth else { throw error("more than \(Self.maxDepth) levels") }
        switch next() {
        case UInt8(ascii: "{"): return .object(try members(depth: depth + 1))
        case UInt8(ascii: "["): return .array(try elements(depth: depth + 1))
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default: return try number()
        }
    }

    private mutating func members(depth: Int) throws(RoutingError) -> [String: JSONValue] {
        position += 1
        var members: [String: JSONValue] = [:]
        var isFirst = true
        while try goesOn(until: UInt8(ascii: "}"), isFirst: isFirst) {
            isFirst = false
            guard next() == UInt8(ascii: "\"") else { throw error("a key is missing") }
            let key = try string()
            try expect(UInt8(ascii: ":"))
            members[key] = try value(depth: depth)
        }
        return members
    }

    private mutating func elements(depth: Int) throws(RoutingError) -> [JSONValue] {
        position += 1
        var elements: [JSONValue] = []
        while try goesOn(until: UInt8(ascii: "]"), isFirst: elements.isEmpty) {
            elements.append(try value(depth: depth))
        }
        return elements
    }

    private mutating func word(_ word: StaticString, _ value: JSONValue) throws(RoutingError) -> JSONValue {
        let text = "\(word)".utf8
        guard bytes[position...].starts(with: text) else { throw error("an unknown word") }
        position += text.count
        return value
    }

    private mutating func number() throws(RoutingError) -> JSONValue {
        let start = position
        while let byte = current, "+-.0123456789Ee".utf8.contains(byte) { position += 1 }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        // Swift reads what JSON does not allow, such as a plus before a number.
        guard let first = text.utf8.first, first == UInt8(ascii: "-") || 0x30...0x39 ~= first, text.utf8.count <= 64
        else { throw error("a value is missing") }
        if let integer = Int64(text) { return .integer(integer) }
        guard let double = Double(text), double.isFinite else { throw error("a number can't be read") }
        return .number(double)
    }

    // MARK: Strings

    private mutating func string() throws(RoutingError) -> String {
        position += 1
        var text: [UInt8] = []
        while let byte = current {
            position += 1
            switch byte {
            case UInt8(ascii: "\""):
                guard let string = String(validating: text, as: UTF8.self) else { throw error("a string is no UTF-8") }
                return string
            case UInt8(ascii: "\\"): try text.append(contentsOf: escaped())
            case 0..<0x20: throw error("a string holds a control character")
            default: text.append(byte)
            }
        }
        throw error("a string does not end")
    }

    /// What follows a backslash.
    private mutating func escaped() throws(RoutingError) -> [UInt8] {
        guard let byte = current else { throw error("a string does not end") }
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [byte]
        case UInt8(ascii: "b"): return [0x08]
        case UInt8(ascii: "f"): return [0x0c]
        case UInt8(ascii: "n"): return [0x0a]
        case UInt8(ascii: "r"): return [0x0d]
        case UInt8(ascii: "t"): return [0x09]
        case UInt8(ascii: "u"): return Array(String(Character(try scalar())).utf8)
        default: throw error("an unknown escape")
        }
    }

    /// A character by its number, which stands in two halves where it is beyond 16 bits.
    private mutating func scalar() throws(RoutingError) -> Unicode.Scalar {
        let unit = try codeUnit()
        if let scalar = Unicode.Scalar(unit) { return scalar }
        guard unit < 0xdc00, bytes[position...].starts(with: "\\u".utf8) else { throw error("half a character") }
        position += 2
        let low = try codeUnit()
        guard 0xdc00...0xdfff ~= low, let scalar = Unicode.Scalar(0x10000 + (unit - 0xd800) << 10 + (low - 0xdc00))
        else { throw error("half a character") }
        return scalar
    }

    private mutating func codeUnit() throws(RoutingError) -> UInt32 {
        guard bytes.count - position >= 4,
            let unit = UInt32(String(decoding: bytes[position..<position + 4], as: UTF8.self), radix: 16),
            bytes[position] != UInt8(ascii: "+"), bytes[position] != UInt8(ascii: "-")
        else { throw error("an escape can't be read") }
        position += 4
        return unit
    }
}
