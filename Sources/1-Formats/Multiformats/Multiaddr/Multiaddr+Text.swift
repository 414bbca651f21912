extension Multiaddr: CustomStringConvertible {
    private static let slash = UInt8(ascii: "/")

    /// Reads the text form. One `/` at the end is tolerated, `/ipfs/` is read as `/p2p/`.
    ///
    /// - Throws: `MultiformatsError.Code.multiaddr`, `.unknownProtocol` or `.tooLong`.
    public init(_ text: some StringProtocol) throws(MultiformatsError) {
        guard text.utf8.count <= Self.maxTextLength else {
            throw MultiformatsError(
                .tooLong, "a multiaddr of \(text.utf8.count) characters is over the limit of \(Self.maxTextLength)")
        }
        var rest = Array(text.utf8)[...]
        if rest.count > 1, rest.last == Self.slash { rest.removeLast() }
        guard rest.count > 1, rest.first == Self.slash else {
            throw MultiformatsError(
                .multiaddr, "\(MultiformatsError.excerpt(text)) is not a multiaddr, which starts with a / and a name")
        }
        var bytes: [UInt8] = []
        while !rest.isEmpty {
            let name = Self.popSegment(&rest)
            guard !name.isEmpty else {
                throw MultiformatsError(.multiaddr, "\(MultiformatsError.excerpt(text)) has two slashes in a row")
            }
            guard let proto = MultiaddrProtocol(name: String(decoding: name, as: UTF8.self)) else {
                throw MultiformatsError(
                    .unknownProtocol,
                    "\(MultiformatsError.excerpt(name)) in \(MultiformatsError.excerpt(text)) is no known multiaddr protocol"
                )
            }
            let value = try Self.popValue(of: proto, &rest)
            Component(validated: proto, value).append(to: &bytes)
        }
        do {
            try self.init(bytes: bytes)
        } catch {
            throw MultiformatsError(
                error.code, "\(MultiformatsError.excerpt(text)) is not a valid multiaddr: \(error.message)")
        }
    }

    /// The text from behind the `/` at the start of `rest` to the next one or the end.
    private static func popSegment(_ rest: inout ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        let body = rest.dropFirst()
        let end = body.firstIndex(of: slash) ?? body.endIndex
        rest = rest[end...]
        return body[..<end]
    }

    /// The bytes of the value at the start of `rest`; its content is checked later, with the whole address.
    private static func popValue(
        of proto: MultiaddrProtocol, _ rest: inout ArraySlice<UInt8>
    ) throws(MultiformatsError) -> [UInt8] {
        if proto.form == .none { return [] }
        guard !rest.isEmpty else {
            throw MultiformatsError(.multiaddr, "a multiaddr ends where the value of its \(proto) component must stand")
        }
        if proto.form == .path {
            defer { rest = [] }
            return Array(rest)
        }
        return try Component.parse(proto, popSegment(&rest))
    }

    /// The text form, with peer ids in base 58.
    public var description: String {
        var text = ""
        forEachPart { part in
            text += "/" + part.proto.name
            switch part.proto.form {
            case .none: break
            case .path: text += part.proto.form.text(of: part.value)
            default: text += "/" + part.proto.form.text(of: part.value)
            }
        }
        return text
    }
}
