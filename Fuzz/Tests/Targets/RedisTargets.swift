import NIOCore

@testable import Redis

extension FuzzTarget {
    /// What a Redis answers, and where it is.
    static let redis = [
        FuzzTarget("redis-reply", check: redisReply),
        FuzzTarget("redis-url") { input in
            let text = String(validating: input, as: UTF8.self)
            guard let url = text.flatMap({ try? RedisURL($0) }) else { return false }
            try require((1...65_535).contains(url.port), "a port is one")
            let again = try? RedisURL(url.description)
            try requireEqual(again?.host, url.host, "the host is written as it is read")
            try requireEqual(again?.database, url.database, "the database is written as it is read")
            try require(again?.password == nil, "the password is not shown")
            return true
        },
    ]

    /// Reads all replies at once and byte by byte.
    private static func redisReply(_ input: [UInt8]) throws -> Bool {
        var (whole, pieces) = (RESPParser(), RESPParser())
        whole.feed(ByteBuffer(bytes: input))
        var values: [RESPValue] = []
        var isRead = true
        do {
            while let value = try whole.next() { values.append(value) }
        } catch {
            isRead = false
        }
        var others: [RESPValue] = []
        do {
            for byte in input {
                pieces.feed(ByteBuffer(bytes: [byte]))
                while let value = try pieces.next() { others.append(value) }
            }
            try require(isRead, "what is refused as a whole is refused in pieces")
        } catch let error as RedisError {
            try require(!isRead, "what is read as a whole is read in pieces (\(error))")
        }
        try requireEqual(values, others, "pieces change nothing")
        return isRead && !values.isEmpty
    }
}
