/// The name of a protocol as multistream-select spells it, such as `/ipfs/ping/1.0.0`.
public struct ProtocolID: Hashable, Sendable {
    /// The name's text.
    public let name: String

    /// Takes a name as it is. Names are compared byte by byte.
    public init(_ name: String) { self.name = name }
}

extension ProtocolID: ExpressibleByStringLiteral, CustomStringConvertible, Comparable {
    /// Takes the literal as the name.
    public init(stringLiteral name: String) { self.name = name }

    /// The name.
    public var description: String { name }

    /// Orders by name, for listings.
    public static func < (left: ProtocolID, right: ProtocolID) -> Bool { left.name < right.name }
}
