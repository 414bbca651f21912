public import LibP2PCore

/// The rules of a record namespace: which values are good, and which of two good ones is better.
public protocol RecordValidator: Sendable {
    /// Checks a value that was sent or found.
    ///
    /// - Parameters:
    ///   - name: the key after `/namespace/`.
    ///   - now: the time that validity is measured by.
    /// - Throws: ``KademliaError`` with code ``KademliaError/Code/invalidRecord``.
    func validate(_ value: [UInt8], name: ArraySlice<UInt8>, now: Timestamp) throws(KademliaError)

    /// Whether a valid value is to replace another valid one.
    func isBetter(_ value: [UInt8], than other: [UInt8]) -> Bool
}

/// The validators by namespace. A key whose namespace has none is refused.
public struct RecordNamespaces: Sendable {
    private var validators: [[UInt8]: any RecordValidator]

    /// The namespaces of the public network, `/pk` and `/ipns`, and those the operator opened.
    ///
    /// - Parameter open: names whose values are taken unchecked, for laboratories.
    public init(open: [String] = []) {
        validators = [Array("pk".utf8): PublicKeyValidator(), Array("ipns".utf8): IPNSValidator()]
        for name in open { add(OpenValidator(), for: name) }
    }

    /// Sets the validator of a namespace.
    public mutating func add(_ validator: any RecordValidator, for namespace: String) {
        validators[Array(namespace.utf8)] = validator
    }

    /// Checks a record.
    ///
    /// - Throws: ``KademliaError`` with code ``KademliaError/Code/invalidRecord``.
    public func validate(_ value: [UInt8], key: [UInt8], now: Timestamp) throws(KademliaError) {
        let (validator, name) = try split(key)
        try validator.validate(value, name: name, now: now)
    }

    /// Whether a valid value is to replace another valid one of the same key.
    public func isBetter(_ value: [UInt8], than other: [UInt8], key: [UInt8]) throws(KademliaError) -> Bool {
        try split(key).validator.isBetter(value, than: other)
    }

    private func split(_ key: [UInt8]) throws(KademliaError) -> (
        validator: any RecordValidator, name: ArraySlice<UInt8>
    ) {
        let slash = UInt8(ascii: "/")
        guard key.first == slash, let end = key.dropFirst().firstIndex(of: slash), end + 1 < key.count else {
            throw KademliaError(.invalidRecord, "a record key must read /namespace/name")
        }
        let namespace = Array(key[1..<end])
        guard let validator = validators[namespace] else {
            let shown = String(decoding: namespace.prefix(32), as: UTF8.self)
            throw KademliaError(
                .invalidRecord,
                "the record namespace \"\(shown)\" has no validator; open it with --dht-namespace in a laboratory")
        }
        return (validator, key[(end + 1)...])
    }
}

/// Takes every value; the newer one is the better.
struct OpenValidator: RecordValidator {
    func validate(_ value: [UInt8], name: ArraySlice<UInt8>, now: Timestamp) throws(KademliaError) {}

    func isBetter(_ value: [UInt8], than other: [UInt8]) -> Bool { true }
}
