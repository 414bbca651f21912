/// The top-level map of a DAG-CBOR document, read strictly.
///
/// DAG-CBOR (https://ipld.io/specs/codecs/dag-cbor/spec) has one encoding for each value: shortest heads, definite
/// lengths, text keys sorted by length and then by bytes, no duplicates, nothing after the end. A signed document that
/// breaks this could be read differently by different peers, so it is refused. Values other than integers, byte and
/// text strings are checked for form and skipped; nesting and size are bounded.
struct CanonicalMap {
    /// A value of the map, as far as IPNS needs it.
    enum Value: Equatable {
        case unsigned(UInt64)
        case bytes([UInt8])
        case text([UInt8])
        case other
    }

    private static let maxDepth = 8
    private static let maxEntries = 256

    private(set) var entries: [[UInt8]: Value] = [:]

    init(_ bytes: [UInt8]) throws(KademliaError) {
        var parser = Parser(bytes: bytes[...])
        let head = try parser.head()
        guard head.major == 5, head.argument <= UInt64(Self.maxEntries) else {
            throw KademliaError(.invalidRecord, "DAG-CBOR data is not a map of at most \(Self.maxEntries) entries")
        }
        var previous: [UInt8]?
        for _ in 0..<head.argument {
            let key = try parser.key(after: previous)
            entries[key] = try parser.value(depth: Self.maxDepth)
            previous = key
        }
        guard parser.bytes.isEmpty else {
            throw KademliaError(.invalidRecord, "\(parser.bytes.count) bytes follow the DAG-CBOR map")
        }
    }

    subscript(name: String) -> Value? { entries[Array(name.utf8)] }
}

private struct Parser {
    var bytes: ArraySlice<UInt8>

    /// Reads the major type and the argument, which must be written in the shortest form.
    mutating func head() throws(KademliaError) -> (major: UInt8, argument: UInt64) {
        guard let first = bytes.popFirst() else { throw Self.truncated }
        let (major, low) = (first >> 5, first & 0x1f)
        guard low >= 24 else { return (major, UInt64(low)) }
        guard low <= 27 else { throw Self.malformed("an indefinite or reserved length") }
        let width = 1 << Int(low - 24)
        let argument = try take(UInt64(width)).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        // Major type 7 holds floats, whose width is not a matter of size.
        let smallest: UInt64 = width == 1 ? 24 : 1 << UInt64(width * 4)
        guard major == 7 || argument >= smallest else { throw Self.malformed("a head longer than needed") }
        return (major, argument)
    }

    mutating func take(_ count: UInt64) throws(KademliaError) -> [UInt8] {
        guard count <= UInt64(bytes.count) else { throw Self.truncated }
        let taken = bytes.prefix(Int(count))
        bytes = bytes.dropFirst(Int(count))
        return Array(taken)
    }

    mutating func key(after previous: [UInt8]?) throws(KademliaError) -> [UInt8] {
        let head = try head()
        guard head.major == 3 else { throw Self.malformed("a map key that is not text") }
        let key = try text(head.argument)
        if let previous {
            let isSorted =
                previous.count == key.count ? previous.lexicographicallyPrecedes(key) : previous.count < key.count
            guard isSorted else { throw Self.malformed("map keys that are unsorted or repeated") }
        }
        return key
    }

    mutating func text(_ length: UInt64) throws(KademliaError) -> [UInt8] {
        let text = try take(length)
        guard String(validating: text, as: UTF8.self) != nil else { throw Self.malformed("text that is not UTF-8") }
        return text
    }

    mutating func value(depth: Int) throws(KademliaError) -> CanonicalMap.Value {
        guard depth > 0 else { throw Self.malformed("values nested too deeply") }
        let firstByte = bytes.first
        let head = try head()
        switch head.major {
        case 0:
            return .unsigned(head.argument)
        case 1:
            return .other
        case 2:
            return .bytes(try take(head.argument))
        case 3:
            return .text(try text(head.argument))
        case 4:
            try checkCount(head.argument)
            for _ in 0..<head.argument { _ = try value(depth: depth - 1) }
            return .other
        case 5:
            try checkCount(head.argument)
            var previous: [UInt8]?
            for _ in 0..<head.argument {
                previous = try key(after: previous)
                _ = try value(depth: depth - 1)
            }
            return .other
        case 6:
            guard head.argument == 42, case .bytes = try value(depth: depth - 1) else {
                throw Self.malformed("a tag other than a link")
            }
            return .other
        default:
            // False, true, null, or a double that is a number.
            let isDouble = firstByte == 0xfb && Double(bitPattern: head.argument).isFinite
            guard isDouble || (firstByte.map { (0xf4...0xf6).contains($0) } ?? false) else {
                throw Self.malformed("a simple value outside DAG-CBOR")
            }
            return .other
        }
    }

    /// Each element takes a byte at least, so a count beyond the rest is a lie that must not drive a loop.
    private func checkCount(_ count: UInt64) throws(KademliaError) {
        guard count <= UInt64(bytes.count) else { throw Self.truncated }
    }

    private static let truncated = KademliaError(.invalidRecord, "DAG-CBOR data ends early")

    private static func malformed(_ what: String) -> KademliaError {
        KademliaError(.invalidRecord, "DAG-CBOR data has \(what)")
    }
}
