/// A self-describing network address, such as `/ip4/192.0.2.1/tcp/4001/p2p/12D3KooW…`
/// (https://github.com/multiformats/multiaddr).
///
/// An address is kept as its binary form, which has been checked whole: equality and hashing look at the bytes only, and the
/// text is made when it is asked for. An address is never empty, never longer than `maxLength`, and holds known protocols
/// only.
public struct Multiaddr: Hashable, Sendable {
    /// The longest binary form, in bytes; relays have refused longer ones since circuit relay v1.
    public static let maxLength = 1024
    /// The longest text that is read, in bytes. No component's text is more than ten times as long as its bytes.
    public static let maxTextLength = 10 * maxLength

    /// The binary form.
    public let bytes: [UInt8]

    /// Reads the binary form.
    ///
    /// - Throws: `MultiformatsError.Code.multiaddr`, `.unknownProtocol` or `.tooLong`.
    public init(bytes: [UInt8]) throws(MultiformatsError) {
        guard bytes.count <= Self.maxLength else {
            throw MultiformatsError(
                .tooLong, "a multiaddr of \(bytes.count) bytes is over the limit of \(Self.maxLength)")
        }
        guard !bytes.isEmpty else { throw MultiformatsError(.multiaddr, "a multiaddr is empty") }
        var scanner = MultiaddrScanner(bytes)
        while let part = try scanner.next() {
            if let defect = part.proto.form.defect(in: part.value) {
                throw MultiformatsError(.multiaddr, "a multiaddr's \(part.proto) component is wrong: \(defect)")
            }
            if part.proto.form == .path, !scanner.isAtEnd {
                throw MultiformatsError(.multiaddr, "a multiaddr goes on after its \(part.proto) component")
            }
        }
        self.bytes = bytes
    }

    /// Joins components to an address.
    ///
    /// - Throws: `MultiformatsError.Code.multiaddr` or `.tooLong`.
    public init(_ components: some Sequence<Component>) throws(MultiformatsError) {
        var bytes: [UInt8] = []
        for component in components { component.append(to: &bytes) }
        try self.init(bytes: bytes)
    }

    /// Bytes that are known to be valid.
    init(validated bytes: [UInt8]) { self.bytes = bytes }

    /// Calls `body` for each component from left to right until it gives a result.
    func firstResult<Result>(_ body: (MultiaddrScanner.Part) -> Result?) -> Result? {
        var scanner = MultiaddrScanner(bytes)
        // The bytes were scanned when the address was made, so that no error can come up here.
        while let part = try? scanner.next() {
            if let result = body(part) { return result }
        }
        return nil
    }

    /// Calls `body` for each component from left to right.
    func forEachPart(_ body: (MultiaddrScanner.Part) -> Void) {
        let _: Never? = firstResult { part in
            body(part)
            return nil
        }
    }

    /// All components from left to right.
    public var components: [Component] {
        var components: [Component] = []
        forEachPart { components.append(Component(validated: $0.proto, Array($0.value))) }
        return components
    }

    /// The protocols of all components from left to right.
    public var protocols: [MultiaddrProtocol] {
        var protocols: [MultiaddrProtocol] = []
        forEachPart { protocols.append($0.proto) }
        return protocols
    }

    /// Whether a component of this protocol is there.
    public func contains(_ proto: MultiaddrProtocol) -> Bool {
        firstResult { $0.proto == proto ? true : nil } ?? false
    }

    /// The first component of this protocol.
    public func first(_ proto: MultiaddrProtocol) -> Component? {
        firstResult { $0.proto == proto ? Component(validated: proto, Array($0.value)) : nil }
    }

    /// The last component of this protocol.
    public func last(_ proto: MultiaddrProtocol) -> Component? {
        var last: ArraySlice<UInt8>?
        forEachPart { if $0.proto == proto { last = $0.value } }
        return last.map { Component(validated: proto, Array($0)) }
    }
}
