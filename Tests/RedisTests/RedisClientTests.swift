import LibP2PCore
import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import Redis

@Suite("A client connects when it must, and waits no longer than it may", .timeLimit(.minutes(1)))
struct RedisClientTests {
    private let executor = LoopExecutor(MultiThreadedEventLoopGroup.singleton.next())

    private func makeClient(_ redis: FakeRedis, within limit: Duration = .seconds(30)) -> RedisClient {
        RedisClient(redis.url, on: executor, within: limit)
    }

    @Test("calls that come at once share one connection, which is introduced first")
    func sharing() async throws {
        let redis = try await FakeRedis.start(credentials: "ann:secret@", database: 3) { words in
            .bytes(words[0] == "GET" ? "$1\r\n\(words[1])\r\n" : "+OK\r\n")
        }
        let client = makeClient(redis)
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for key in ["a", "b", "c", "d"] {
                group.addTask { try await client.get(key) == ByteBuffer(string: key) }
            }
            for try await isRight in group { #expect(isRight) }
        }
        #expect(redis.connectionCount == 1)
        #expect(redis.received.prefix(2) == [["AUTH", "ann", "secret"], ["SELECT", "3"]])
        await client.close()
        try await redis.stop()
    }

    @Test("a call whose connection is lost fails, and the next one connects again")
    func reconnecting() async throws {
        let hangsUp = Mutex(true)
        let redis = try await FakeRedis.start { _ in
            hangsUp.withLock { hangsUp in
                defer { hangsUp = false }
                return hangsUp ? .hangUp : .bytes("+OK\r\n")
            }
        }
        let client = makeClient(redis)
        await #expect(throws: RedisError(.closed, "")) { try await client.call(RESPCommand("PING")) }
        #expect(try await client.call(RESPCommand("PING")) == .simple("OK"))
        #expect(redis.connectionCount == 2)
        await client.close()
        try await redis.stop()
    }

    @Test("a server that says nothing is given up, and what waits behind fails with it")
    func silence() async throws {
        let redis = try await FakeRedis.start { $0[0] == "PING" ? .bytes("+PONG\r\n") : .silence }
        let client = makeClient(redis, within: .milliseconds(300))
        async let first: Void = expectOverload(client)
        async let second: Void = expectOverload(client)
        _ = await (first, second)
        #expect(try await makeClient(redis).call(RESPCommand("PING")) == .simple("PONG"))
        await client.close()
        try await redis.stop()
    }

    private func expectOverload(_ client: RedisClient) async {
        await #expect(throws: RedisError(.overloaded, "")) { try await client.get("x") }
    }

    @Test("a server that does not answer to a password does not hold up whoever connects")
    func silentIntroduction() async throws {
        let redis = try await FakeRedis.start(credentials: ":secret@") { _ in .silence }
        let client = makeClient(redis, within: .milliseconds(300))
        await #expect(throws: RedisError(.overloaded, "")) { try await client.get("x") }
        await #expect(throws: RedisError(.overloaded, "")) {
            _ = try await RedisConnection.connect(
                to: redis.url, on: executor, within: .milliseconds(300), closed: {})
        }
        await client.close()
        try await redis.stop()
    }

    @Test("where nothing listens is an error of its own")
    func unreachable() async throws {
        let redis = try await FakeRedis.start { _ in .silence }
        try await redis.stop()
        await #expect(throws: RedisError(.unreachable, "")) { try await makeClient(redis).get("x") }
    }

    @Test("no more than so many calls wait")
    func bound() async throws {
        let redis = try await FakeRedis.start { _ in .silence }
        let client = makeClient(redis)
        let codes = await withTaskGroup(of: RedisError.Code?.self) { group in
            for _ in 0...RedisClient.waitingLimit {
                group.addTask {
                    do throws(RedisError) {
                        try await client.call(RESPCommand("GET", "x"))
                        return nil
                    } catch {
                        return error.code
                    }
                }
            }
            // The one too many is the first to fail; then nothing else waits for the others.
            let first = await group.next() ?? nil
            await client.close()
            return await group.reduce(into: [first]) { $0.append($1) }
        }
        #expect(codes.first == .overloaded)
        #expect(codes.dropFirst().allSatisfy { $0 == .closed })
        #expect(codes.count == RedisClient.waitingLimit + 1)
        try await redis.stop()
    }

    @Test("a closed client asks nothing any more")
    func closing() async throws {
        let redis = try await FakeRedis.start { _ in .bytes("+OK\r\n") }
        let client = makeClient(redis)
        try await client.call(RESPCommand("PING"))
        await client.close()
        await #expect(throws: RedisError(.closed, "")) { try await client.call(RESPCommand("PING")) }
        #expect(redis.received == [["PING"]])
        try await redis.stop()
    }

    @Test("answers that do not fit the question are refused")
    func misfits() async throws {
        let redis = try await FakeRedis.start { _ in .bytes("*0\r\n") }
        let client = makeClient(redis)
        await #expect(throws: RedisError(.malformed, "")) { try await client.get("x") }
        await #expect(throws: RedisError(.malformed, "")) { try await client.set("x", ByteBuffer()) }
        await #expect(throws: RedisError(.malformed, "")) { try await client.delete("x") }
        await #expect(throws: RedisError(.malformed, "")) { try await client.delete("x", ifEqual: ByteBuffer()) }
        await client.close()
        try await redis.stop()
    }

    @Test("an expiry is written in milliseconds, of which Redis wants one at least")
    func expiry() async throws {
        let redis = try await FakeRedis.start { _ in .bytes("+OK\r\n") }
        let client = makeClient(redis)
        try await client.set("x", ByteBuffer(string: "1"), expiry: .seconds(2), onlyIfAbsent: true)
        try await client.set("x", ByteBuffer(string: "1"), expiry: .zero)
        #expect(redis.received == [["SET", "x", "1", "PX", "2000", "NX"], ["SET", "x", "1", "PX", "1"]])
        await client.close()
        try await redis.stop()
    }
}
