/// Those of the ``ConnectionLimits`` that single addresses can be spared.
public struct AddressLimits: OptionSet, Hashable, Sendable {
    /// Connections from one IP address.
    public static let perIP = AddressLimits(rawValue: 1 << 0)
    /// Connections from one prefix.
    public static let perSubnet = AddressLimits(rawValue: 1 << 1)
    /// New connections a second.
    public static let rate = AddressLimits(rawValue: 1 << 2)
    /// All of them.
    public static let all: AddressLimits = [.perIP, .perSubnet, .rate]

    /// See `OptionSet`.
    public let rawValue: UInt8

    /// See `OptionSet`.
    public init(rawValue: UInt8) { self.rawValue = rawValue }
}
