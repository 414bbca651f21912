import Testing

/// One parser, or one family of parsers of the same bytes, with the rules that hold whatever it is fed.
struct FuzzTarget: Sendable, CustomTestStringConvertible {
    /// The folder of its inputs in `Fuzz/Corpus`.
    let name: String
    /// How slow it is: it gets the settings' rounds divided by this.
    let cost: Int
    /// Parses an input, and tells whether it was read to the end. It throws what breaks a rule; to refuse is no error.
    let check: @Sendable ([UInt8]) throws -> Bool

    init(_ name: String, cost: Int = 1, check: @escaping @Sendable ([UInt8]) throws -> Bool) {
        self.name = name
        self.cost = cost
        self.check = check
    }

    var testDescription: String { name }

    /// All of them.
    static let all =
        formats + multiaddrs + wire + identities + negotiations + names + securities + muxers + webSockets + protocols
        + pubsub + records + settings + star + redis + signalling + bitswap + delegates + http + certificates
}

/// What an input showed to be wrong.
struct BrokenRule: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

/// Throws unless a rule is kept.
func require(_ isKept: Bool, _ rule: @autoclosure () -> String) throws {
    if !isKept { throw BrokenRule(rule()) }
}

/// Throws unless two ways lead to the same value.
func requireEqual<Value: Equatable>(_ left: Value, _ right: Value, _ rule: @autoclosure () -> String) throws {
    if left != right { throw BrokenRule("\(rule()): \(excerpt(left)) is not \(excerpt(right))") }
}

private func excerpt(_ value: some Any) -> String {
    let text = "\(value)"
    return text.count > 300 ? text.prefix(300) + "…" : text
}
