/// A TLS client's first message, by hand (RFC 8446, section 4.1.2): good enough that a server answers it with all that it has
/// to say, whole or spoilt in some way. Whoever sends it cannot go on: no key is behind it.
struct TLSHello {
    var serverName: String? = "localhost"
    var protocols = ["h2", "http/1.1"]
    /// Bytes of padding, by which it gets as long as one likes (RFC 7685).
    var padding = 0
    /// Cipher suites; TLS 1.3's and some of TLS 1.2's by default.
    var ciphers: [UInt16] = [0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f]
    /// The versions that it offers; TLS 1.3.
    var versions: [UInt16] = [0x0304]

    /// The message in records of at most so many bytes.
    func records(of size: Int = 1 << 14) -> [UInt8] {
        var rest = message[...]
        var records: [UInt8] = []
        while !rest.isEmpty {
            let part = rest.prefix(size)
            records += [22, 3, 1] + Self.number(part.count) + part
            rest = rest.dropFirst(size)
        }
        return records
    }

    /// The message without records around it.
    var message: [UInt8] {
        var extensions: [UInt8] = []
        func add(_ type: Int, _ content: [UInt8]) {
            extensions += Self.number(type) + Self.number(content.count) + content
        }
        if let serverName { add(0, Self.sized([0] + Self.sized(Array(serverName.utf8)))) }
        if !protocols.isEmpty {
            add(16, Self.sized(protocols.flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) }))
        }
        // Groups: X25519 and P-256. Signatures: ECDSA with P-256, RSA-PSS, RSA.
        add(10, Self.sized(Self.number(0x001d) + Self.number(0x0017)))
        add(13, Self.sized([0x0403, 0x0804, 0x0401].flatMap { Self.number($0) }))
        add(11, [1, 0])
        let offered = versions.flatMap { Self.number(Int($0)) }
        add(43, [UInt8(offered.count)] + offered)
        // Any 32 bytes are a key of X25519.
        add(51, Self.sized(Self.number(0x001d) + Self.sized(Self.random(32))))
        var missing = padding
        while missing > 0 {
            let part = min(missing, 60_000)
            add(21, [UInt8](repeating: 0, count: part))
            missing -= part
        }
        let suites = ciphers.flatMap { Self.number(Int($0)) }
        let body =
            [3, 3] + Self.random(32) + [32] + Self.random(32) + Self.sized(suites) + [1, 0] + Self.sized(extensions)
        return [1, UInt8(body.count >> 16 & 0xff)] + Self.number(body.count & 0xffff) + body
    }

    /// Two bytes; a length that does not fit loses what is above them.
    private static func number(_ value: Int) -> [UInt8] { [UInt8(value >> 8 & 0xff), UInt8(value & 0xff)] }

    private static func sized(_ bytes: [UInt8]) -> [UInt8] { number(bytes.count) + bytes }

    private static func random(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8.random(in: 0...255) } }
}
