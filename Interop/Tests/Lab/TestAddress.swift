/// Texts of peer ids and addresses turned into bytes without the code under test.
enum TestAddress {
    private static let alphabet = Array("123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz".utf8)

    /// The bytes of a peer id in base58.
    static func peerID(_ text: String) throws -> [UInt8] {
        var number: [UInt8] = []
        for character in text.utf8 {
            guard let digit = alphabet.firstIndex(of: character) else {
                throw InteropError("\(text) is not base58")
            }
            var carry = digit
            for index in number.indices.reversed() {
                carry += Int(number[index]) * 58
                number[index] = UInt8(carry & 0xff)
                carry >>= 8
            }
            if carry > 0 { number.insert(UInt8(carry), at: 0) }
        }
        return [UInt8](repeating: 0, count: text.utf8.prefix { $0 == UInt8(ascii: "1") }.count) + number
    }

    /// The bytes of `/ip4/A/tcp/N` or `/ip4/A/tcp/N/ws`; a peer id behind it is left out.
    static func multiaddr(_ text: String) throws -> [UInt8] {
        let parts = text.split(separator: "/").map(String.init)
        guard parts.count >= 4, parts[0] == "ip4", parts[2] == "tcp", let port = UInt16(parts[3]) else {
            throw InteropError("\(text) is not an /ip4/…/tcp/… address")
        }
        let address = parts[1].split(separator: ".").compactMap { UInt8($0) }
        let bytes = [0x04] + address + [0x06, UInt8(port >> 8), UInt8(port & 0xff)]
        return parts.count > 4 && parts[4] == "ws" ? bytes + DaemonField.varint(477) : bytes
    }
}
