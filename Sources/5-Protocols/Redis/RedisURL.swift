import Multiformats

/// Where a Redis server is, and as whom to speak to it: `redis://[[user]:password@]host[:port][/database]`.
public struct RedisURL: Sendable, Hashable {
    /// A host name or an IP address, without brackets.
    public let host: String
    /// The TCP port: 6379 unless another one is given.
    public let port: Int
    /// The user, where access lists name one.
    public let user: String?
    /// The password.
    public let password: String?
    /// The number of the database.
    public let database: Int

    /// Reads a URL. User and password may be percent-encoded.
    ///
    /// - Throws: `RedisError` with `.badURL`; its message never shows a password.
    public init(_ text: String) throws(RedisError) {
        guard !text.hasPrefix("rediss://") else {
            throw RedisError(
                .badURL, "Redis is not spoken to over TLS; use redis:// through a tunnel or a private network.")
        }
        guard text.hasPrefix("redis://") else {
            throw Self.fault("it must begin with redis://, as redis://127.0.0.1:6379/0 does")
        }
        let rest = text.dropFirst("redis://".count)
        let path = rest.firstIndex(of: "/")
        let authority = path.map { rest[..<$0] } ?? rest
        database = try Self.database(path.map { rest[$0...].dropFirst() } ?? "")
        let at = authority.lastIndex(of: "@")
        (user, password) = try Self.credentials(at.map { authority[..<$0] })
        (host, port) = try Self.place(at.map { authority[$0...].dropFirst() } ?? authority)
    }

    private static func database(_ text: Substring) throws(RedisError) -> Int {
        guard !text.isEmpty else { return 0 }
        guard let number = number(text, atMost: 65_535) else {
            throw fault("\(text) is not the number of a database")
        }
        return number
    }

    private static func credentials(_ text: Substring?) throws(RedisError) -> (user: String?, password: String?) {
        guard let text else { return (nil, nil) }
        let colon = text.firstIndex(of: ":")
        guard let colon, let user = decoded(text[..<colon]), let password = decoded(text[colon...].dropFirst()),
            !password.isEmpty
        else { throw fault("before the @ stands no user:password or :password in percent-encoded UTF-8") }
        return (user.isEmpty ? nil : user, password)
    }

    private static func place(_ text: Substring) throws(RedisError) -> (host: String, port: Int) {
        let isBracketed = text.hasPrefix("[")
        let hostEnd = isBracketed ? text.firstIndex(of: "]") : text.firstIndex(of: ":") ?? text.endIndex
        guard let hostEnd else { throw fault("the bracket of \(text) does not end") }
        let host = isBracketed ? text[..<hostEnd].dropFirst() : text[..<hostEnd]
        let isHost = isBracketed ? IPAddress(host)?.bitWidth == 128 : host.utf8.allSatisfy(isHostCharacter)
        guard !host.isEmpty, host.utf8.count <= 253, isHost else { throw fault("\(text) has no host") }
        let tail = isBracketed ? text[hostEnd...].dropFirst() : text[hostEnd...]
        guard !tail.isEmpty else { return (String(host), 6379) }
        guard tail.hasPrefix(":"), let port = number(tail.dropFirst(), atMost: 65_535), port > 0 else {
            throw fault("\(tail) is not a port")
        }
        return (String(host), port)
    }

    private static func isHostCharacter(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"):
            true
        default: false
        }
    }

    private static func number(_ digits: Substring, atMost limit: Int) -> Int? {
        guard !digits.isEmpty, digits.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
            let number = Int(digits), number <= limit
        else { return nil }
        return number
    }

    private static func decoded(_ text: Substring) -> String? {
        var bytes: [UInt8] = []
        var rest = text.utf8
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = rest.popFirst().flatMap(hexDigit),
                let low = rest.popFirst().flatMap(hexDigit)
            else { return nil }
            bytes.append(high << 4 | low)
        }
        return String(validating: bytes, as: UTF8.self)
    }

    private static func hexDigit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }

    private static func fault(_ what: String) -> RedisError {
        RedisError(.badURL, "This is no URL of a Redis server: \(what).")
    }
}

extension RedisURL: CustomStringConvertible {
    /// The URL without user and password.
    public var description: String {
        "redis://\(host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]" : host):\(port)/\(database)"
    }
}
