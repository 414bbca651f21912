/// Walks over the components of a binary multiaddr without copying.
struct MultiaddrScanner {
    /// One component.
    struct Part {
        let proto: MultiaddrProtocol
        let value: ArraySlice<UInt8>
        /// Where the component stands, its code and length included.
        let range: Range<Int>
    }

    private let bytes: [UInt8]
    private var position = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    var isAtEnd: Bool { position == bytes.count }

    /// The next component, nil at the end. The value's length is checked, its content is not.
    mutating func next() throws(MultiformatsError) -> Part? {
        guard position < bytes.count else { return nil }
        let start = position
        let code = try varint()
        guard let proto = MultiaddrProtocol(rawValue: code) else {
            throw MultiformatsError(.unknownProtocol, "multiaddr protocol \(code) is unknown")
        }
        let length =
            switch proto.form.length {
            case .fixed(let length): UInt64(length)
            case .prefixed: try varint()
            }
        guard length <= UInt64(bytes.count - position) else {
            throw MultiformatsError(
                .multiaddr, "a multiaddr's \(proto) component has \(bytes.count - position) of its \(length) bytes")
        }
        let value = bytes[position..<(position + Int(length))]
        position = value.endIndex
        return Part(proto: proto, value: value, range: start..<position)
    }

    private mutating func varint() throws(MultiformatsError) -> UInt64 {
        do {
            let (value, length) = try Varint.decode(bytes[position...])
            position += length
            return value
        } catch {
            throw MultiformatsError(.multiaddr, "a multiaddr has a broken number at byte \(position)", cause: error)
        }
    }
}
