/// A field of a protobuf message, in a codec that the tests have for themselves: the code under test does not judge
/// itself.
enum DaemonField: Equatable {
    case varint(Int, UInt64)
    case fixed64(Int, UInt64)
    case bytes(Int, [UInt8])

    var number: Int {
        switch self {
        case .varint(let number, _), .fixed64(let number, _), .bytes(let number, _): number
        }
    }

    static func string(_ number: Int, _ text: String) -> DaemonField {
        .bytes(number, Array(text.utf8))
    }

    static func message(_ number: Int, _ fields: [DaemonField]) -> DaemonField {
        .bytes(number, encode(fields))
    }

    static func encode(_ fields: [DaemonField]) -> [UInt8] {
        fields.flatMap { field in
            switch field {
            case .varint(let number, let value):
                varint(UInt64(number) << 3) + varint(value)
            case .fixed64(let number, let value):
                varint(UInt64(number) << 3 | 1) + (0..<8).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
            case .bytes(let number, let value):
                varint(UInt64(number) << 3 | 2) + varint(UInt64(value.count)) + value
            }
        }
    }

    static func decode(_ bytes: [UInt8]) throws -> [DaemonField] {
        var fields: [DaemonField] = []
        var rest = bytes[...]
        while !rest.isEmpty {
            let tag = try takeVarint(&rest)
            switch tag & 7 {
            case 0:
                fields.append(.varint(Int(tag >> 3), try takeVarint(&rest)))
            case 1:
                guard rest.count >= 8 else { throw InteropError("a field is longer than its message") }
                let value = rest.prefix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
                fields.append(.fixed64(Int(tag >> 3), value))
                rest = rest.dropFirst(8)
            case 2:
                let length = try takeVarint(&rest)
                guard length <= rest.count else { throw InteropError("a field is longer than its message") }
                fields.append(.bytes(Int(tag >> 3), Array(rest.prefix(Int(length)))))
                rest = rest.dropFirst(Int(length))
            default:
                throw InteropError("unexpected wire type \(tag & 7)")
            }
        }
        return fields
    }

    static func varint(_ value: UInt64) -> [UInt8] {
        var bytes: [UInt8] = []
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(rest & 0x7f) | 0x80)
            rest >>= 7
        }
        return bytes + [UInt8(rest)]
    }

    private static func takeVarint(_ bytes: inout ArraySlice<UInt8>) throws -> UInt64 {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 63, by: 7) {
            guard let byte = bytes.popFirst() else { break }
            value |= UInt64(byte & 0x7f) << shift
            if byte < 0x80 { return value }
        }
        throw InteropError("a varint does not end")
    }
}

extension [DaemonField] {
    func varint(_ number: Int) -> UInt64? {
        for case .varint(number, let value) in self { return value }
        return nil
    }

    func fixed64(_ number: Int) -> UInt64? {
        for case .fixed64(number, let value) in self { return value }
        return nil
    }

    func bytes(_ number: Int) -> [UInt8]? {
        allBytes(number).first
    }

    func allBytes(_ number: Int) -> [[UInt8]] {
        compactMap { field in
            if case .bytes(number, let value) = field { value } else { nil }
        }
    }

    func message(_ number: Int) throws -> [DaemonField]? {
        try bytes(number).map(DaemonField.decode)
    }
}
