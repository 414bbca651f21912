import Certificates
import LibP2PCore
import NIOCore
import Redis

/// The Redis of a star as what the nodes of a fleet share of their certificates.
struct RedisFleetStore: FleetStore {
    private let client: RedisClient

    /// Before the names of all keys.
    private static let prefix = "waystation:certificates:"
    /// What is read at most, in bytes: keys and chains are smaller.
    private static let maxText = 64 * 1024

    init(_ url: RedisURL, on executor: LoopExecutor) { client = RedisClient(url, on: executor) }

    func read(_ name: String) async throws -> String? {
        guard let bytes = try await client.get(Self.prefix + name), bytes.readableBytes <= Self.maxText else {
            return nil
        }
        return String(buffer: bytes)
    }

    func write(_ text: String, to name: String, for time: Duration) async throws {
        try await client.set(Self.prefix + name, ByteBuffer(string: text), expiry: time)
    }

    func remove(_ name: String) async throws { try await client.delete(Self.prefix + name) }

    func lock(_ name: String, by owner: String, for time: Duration) async throws -> Bool {
        let key = Self.prefix + name
        if try await client.set(key, ByteBuffer(string: owner), expiry: time, onlyIfAbsent: true) { return true }
        // A node that was ended while it held the lock takes it up again.
        return try await client.get(key) == ByteBuffer(string: owner)
    }

    func unlock(_ name: String, by owner: String) async throws {
        try await client.delete(Self.prefix + name, ifEqual: ByteBuffer(string: owner))
    }

    /// Ends the connection.
    func close() async { await client.close() }
}
