import LibP2PCore
package import NIOCore

// Values that nodes share, and locks: a key that one of them sets, and takes away only while it is still its own.
extension RedisClient {
    /// The value of a key; nil where there is none.
    package func get(_ key: String) async throws(RedisError) -> ByteBuffer? {
        let answer = try await call(RESPCommand("GET", key))
        if answer == .null { return nil }
        guard let bytes = answer.bytes else { throw unexpected(answer, to: "GET") }
        return bytes
    }

    /// Writes a value.
    ///
    /// - Parameters:
    ///   - expiry: after which time it vanishes; never if nil.
    ///   - onlyIfAbsent: whether a value that is there already stays.
    /// - Returns: whether it was written.
    @discardableResult
    package func set(
        _ key: String, _ value: ByteBuffer, expiry: Duration? = nil, onlyIfAbsent: Bool = false
    ) async throws(RedisError) -> Bool {
        var parts = [ByteBuffer(string: "SET"), ByteBuffer(string: key), value]
        // Redis refuses an expiry of no time at all.
        if let expiry { parts += ["PX", "\(max(1, expiry.nanoseconds / 1_000_000))"].map { ByteBuffer(string: $0) } }
        if onlyIfAbsent { parts.append(ByteBuffer(string: "NX")) }
        switch try await call(RESPCommand(parts)) {
        case .simple("OK"): return true
        case .null where onlyIfAbsent: return false
        case let answer: throw unexpected(answer, to: "SET")
        }
    }

    /// Takes a value away.
    ///
    /// - Returns: whether there was one.
    @discardableResult
    package func delete(_ key: String) async throws(RedisError) -> Bool {
        try removed(try await call(RESPCommand("DEL", key)), by: "DEL")
    }

    /// Takes a value away if it is the given one, in one step: so nobody releases a lock that is another's by now.
    ///
    /// - Returns: whether it was.
    @discardableResult
    package func delete(_ key: String, ifEqual value: ByteBuffer) async throws(RedisError) -> Bool {
        let parts = ["EVAL", Self.compareAndDelete, "1", key].map { ByteBuffer(string: $0) }
        return try removed(try await call(RESPCommand(parts + [value])), by: "EVAL")
    }

    private static let compareAndDelete = """
        if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
        return redis.call('DEL', KEYS[1])
        """

    private nonisolated func removed(_ answer: RESPValue, by command: String) throws(RedisError) -> Bool {
        guard case .integer(let count) = answer else { throw unexpected(answer, to: command) }
        return count > 0
    }

    private nonisolated func unexpected(_ answer: RESPValue, to command: String) -> RedisError {
        RedisError(.malformed, "Redis answers \(command) with \("\(answer)".prefix(100)).")
    }
}
