/// Any JSON value: for the fields of records that this node does not know and passes on.
public enum JSONValue: Sendable, Hashable {
    /// `null`.
    case null
    /// `true` or `false`.
    case bool(Bool)
    /// A whole number.
    case integer(Int64)
    /// Any other number.
    case number(Double)
    /// A text.
    case string(String)
    /// A list.
    case array([JSONValue])
    /// An object. The order of its keys is lost.
    case object([String: JSONValue])

    /// Bytes of memory that it takes, by estimate.
    var size: Int {
        switch self {
        case .null, .bool, .integer, .number: 32
        case .string(let text): 32 + text.utf8.count
        case .array(let elements): elements.reduce(64) { $0 + $1.size }
        case .object(let members): members.reduce(128) { $0 + 32 + $1.key.utf8.count + $1.value.size }
        }
    }

    /// The strings of a list; nil for anything else.
    var strings: [String]? {
        guard case .array(let elements) = self else { return nil }
        var strings: [String] = []
        for element in elements {
            guard case .string(let text) = element else { return nil }
            strings.append(text)
        }
        return strings
    }
}

extension JSONText {
    /// Any value; keys in their order, so that equal values have equal bytes.
    mutating func value(_ value: JSONValue) {
        switch value {
        case .null: raw("null")
        case .bool(let bool): bool ? raw("true") : raw("false")
        case .integer(let integer): number(integer)
        case .number(let double): raw(Array((double.isFinite ? "\(double)" : "null").utf8))
        case .string(let text): string(text)
        case .array(let elements): list(elements) { $0.value($1) }
        case .object(let members):
            raw("{")
            for (index, member) in members.sorted(by: { $0.key < $1.key }).enumerated() {
                if index > 0 { raw(",") }
                string(member.key)
                raw(":")
                self.value(member.value)
            }
            raw("}")
        }
    }
}
