/// A block of IP addresses, such as `10.0.0.0/8`.
public struct IPPrefix: Hashable, Sendable, CustomStringConvertible {
    /// The first address of the block.
    public let address: IPAddress
    /// How many leading bits the block's addresses share.
    public let length: Int

    /// The block of this length around `address`; a length outside the address's width is moved to its nearest end.
    public init(_ address: IPAddress, length: Int) {
        let length = max(0, min(length, address.bitWidth))
        self.length = length
        switch address {
        // Shifting out all bits gives zero in Swift, which is right for length 0.
        case .v4(let number): self.address = .v4(number & (UInt32.max << UInt32(32 - length)))
        case .v6(let high, let low):
            self.address = .v6(
                high: high & (UInt64.max << UInt64(64 - min(length, 64))),
                low: low & (UInt64.max << UInt64(64 - max(length - 64, 0))))
        }
    }

    /// Reads `address/length`, or a single address; nil for anything else.
    public init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard let first = parts.first, let address = IPAddress(first) else { return nil }
        switch parts.count {
        case 1:
            self.init(address, length: address.bitWidth)
        case 2:
            guard let length = Int(parts[1]), 0...address.bitWidth ~= length else { return nil }
            self.init(address, length: length)
        default:
            return nil
        }
    }

    /// Whether `other` lies in the block. An IPv4 address never lies in an IPv6 block, nor the other way round.
    public func contains(_ other: IPAddress) -> Bool {
        IPPrefix(other, length: length).address == address && other.bitWidth == address.bitWidth
    }

    /// `address/length`.
    public var description: String { "\(address)/\(length)" }
}
