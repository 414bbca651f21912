public import LibP2PCore
public import Multiformats

/// A DNS server to ask instead of the system's ones.
public struct DNSServer: Hashable, Sendable, CustomStringConvertible {
    /// Where it runs. It is not a name, for who would resolve that.
    public let address: IPAddress
    /// Its port, for UDP and TCP.
    public let port: UInt16

    /// A server.
    public init(_ address: IPAddress, port: UInt16 = 53) {
        self.address = address
        self.port = port
    }

    /// Reads `HOST:PORT`, where the host is an IP address, in brackets if it is IPv6: `192.0.2.1:53`, `[2001:db8::1]:53`.
    ///
    /// - Throws: ``NetworkError`` with `.unsupportedAddress`.
    public init(_ text: String) throws(NetworkError) {
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]), port > 0,
            let address = Self.host(text[..<colon])
        else {
            throw NetworkError(
                .unsupportedAddress,
                "\"\(text)\" is no DNS server: write an IP address and a port, such as 192.0.2.1:53 or [2001:db8::1]:53"
            )
        }
        self.init(address, port: port)
    }

    private static func host(_ text: Substring) -> IPAddress? {
        let isBracketed = text.hasPrefix("[") && text.hasSuffix("]")
        let address = IPAddress(isBracketed ? text.dropFirst().dropLast() : text)
        return address?.bitWidth == (isBracketed ? 128 : 32) ? address : nil
    }

    /// `HOST:PORT`.
    public var description: String {
        switch address {
        case .v4: "\(address):\(port)"
        case .v6: "[\(address)]:\(port)"
        }
    }
}
