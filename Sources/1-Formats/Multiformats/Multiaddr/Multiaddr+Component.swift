extension Multiaddr {
    /// One step of an address: a protocol and its value.
    public struct Component: Hashable, Sendable, CustomStringConvertible {
        /// What the step is.
        public let proto: MultiaddrProtocol
        /// The value in binary, without its length; empty for protocols without a value.
        public let value: [UInt8]

        /// A component from a binary value.
        ///
        /// - Throws: `MultiformatsError.Code.multiaddr` when the value does not fit the protocol.
        public init(_ proto: MultiaddrProtocol, value: [UInt8] = []) throws(MultiformatsError) {
            if case .fixed(let length) = proto.form.length, value.count != length {
                throw MultiformatsError(.multiaddr, "a \(proto) component has \(length) bytes, not \(value.count)")
            }
            if let defect = proto.form.defect(in: value[...]) {
                throw MultiformatsError(.multiaddr, "a \(proto) component is wrong: \(defect)")
            }
            self.init(validated: proto, value)
        }

        /// A component from a value's text.
        ///
        /// - Throws: `MultiformatsError.Code.multiaddr` when the text does not fit the protocol.
        public init(_ proto: MultiaddrProtocol, text: some StringProtocol) throws(MultiformatsError) {
            try self.init(proto, value: Self.parse(proto, Array(text.utf8)[...]))
        }

        /// A value that is known to be valid.
        init(validated proto: MultiaddrProtocol, _ value: [UInt8]) {
            self.proto = proto
            self.value = value
        }

        static func parse(
            _ proto: MultiaddrProtocol, _ text: ArraySlice<UInt8>
        ) throws(MultiformatsError) -> [UInt8] {
            guard let value = proto.form.parse(text) else {
                throw MultiformatsError(
                    .multiaddr, "\(MultiformatsError.excerpt(text)) is not a value for a \(proto) component")
            }
            return value
        }

        /// The value's text; empty for protocols without a value.
        public var text: String { proto.form.text(of: value[...]) }

        /// The component as it stands in an address, from its first `/`.
        public var description: String {
            switch proto.form {
            case .none: "/\(proto)"
            case .path: "/\(proto)\(text)"
            default: "/\(proto)/\(text)"
            }
        }

        /// Appends the binary form.
        func append(to bytes: inout [UInt8]) {
            Varint.append(proto.rawValue, to: &bytes)
            if case .prefixed = proto.form.length { Varint.append(UInt64(value.count), to: &bytes) }
            bytes.append(contentsOf: value)
        }
    }
}
