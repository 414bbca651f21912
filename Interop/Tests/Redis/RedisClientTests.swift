import LibP2PCore
import NIOCore
import NIOPosix
import Testing

@testable import Redis

extension RealPeers {
    /// What nodes share through a real Redis: values and locks.
    @Suite(.timeLimit(.minutes(2)))
    struct RedisClientTests {
        private let executor = LoopExecutor(NIOSingletons.posixEventLoopGroup.next())

        @Test func valuesAreSharedAndExpire() async throws {
            try await Lab.open { lab in
                let redis = try await RedisProcess(lab, password: "secret")
                let (writer, reader) = (try client(redis), try client(redis))
                // Any bytes, also such as mean something in the protocol.
                let value = ByteBuffer(bytes: Array(0...255) + Array("\r\n$-1\r\n".utf8))
                #expect(try await reader.get("value") == nil)
                #expect(try await writer.set("value", value))
                #expect(try await reader.get("value") == value)
                #expect(try await writer.set("value", ByteBuffer(string: "newer"), expiry: .milliseconds(300)))
                try await eventually("the value expires") { try await reader.get("value") == nil ? true : nil }
                try await writer.set("value", value)
                #expect(try await reader.delete("value"))
                #expect(try await reader.delete("value") == false)
                await writer.close()
                await reader.close()
            }
        }

        @Test func aLockIsHeldByOneAndReleasedByItsHolderOnly() async throws {
            try await Lab.open { lab in
                let redis = try await RedisProcess(lab)
                let nodes = [try client(redis), try client(redis), try client(redis)]
                let winners = try await withThrowingTaskGroup(of: Int?.self) { group in
                    for (index, node) in nodes.enumerated() {
                        group.addTask {
                            let isMine = try await node.set(
                                "lock", Self.token(index), expiry: .seconds(100), onlyIfAbsent: true)
                            return isMine ? index : nil
                        }
                    }
                    return try await group.reduce(into: []) { $0 += [$1].compactMap(\.self) }
                }
                #expect(winners.count == 1)
                let winner = try #require(winners.first)
                for (index, node) in nodes.enumerated() where index != winner {
                    #expect(try await node.delete("lock", ifEqual: Self.token(index)) == false)
                }
                #expect(try await nodes[winner].get("lock") == Self.token(winner))
                #expect(try await nodes[winner].delete("lock", ifEqual: Self.token(winner)))
                #expect(try await nodes[winner].delete("lock", ifEqual: Self.token(winner)) == false)
                // One that is never released is free again in time.
                try await nodes[0].set("lock", Self.token(0), expiry: .milliseconds(300), onlyIfAbsent: true)
                try await eventually("the lock expires") {
                    try await nodes[1].set("lock", Self.token(1), onlyIfAbsent: true) ? true : nil
                }
                for node in nodes { await node.close() }
            }
        }

        @Test func aRedisThatDiesIsFoundAgain() async throws {
            try await Lab.open { lab in
                let redis = try await RedisProcess(lab, password: "secret")
                let client = try client(redis)
                try await client.set("value", ByteBuffer(string: "1"))
                for round in 0..<2 {
                    try await redis.kill()
                    let error = await #expect(throws: RedisError.self) { try await client.get("value") }
                    #expect(error?.code == .closed || error?.code == .unreachable)
                    await #expect(throws: RedisError(.unreachable, "")) { try await client.get("value") }
                    try await redis.restart()
                    #expect(try await client.get("value") == nil)
                    #expect(try await client.set("value", ByteBuffer(string: "\(round)"), onlyIfAbsent: true))
                }
                // Not asking while it is away changes nothing.
                try await redis.kill()
                try await redis.restart()
                try await eventually("the client is connected again") {
                    try await client.get("value") == nil ? true : nil
                }
                await client.close()
            }
        }

        @Test func anErrorIsNotTheEnd() async throws {
            try await Lab.open { lab in
                let redis = try await RedisProcess(lab)
                let client = try client(redis)
                try await client.call(RESPCommand("LPUSH", "list", "1"))
                await #expect(throws: RedisError(.refused, "")) { try await client.get("list") }
                #expect(try await client.delete("list"))
                await client.close()
            }
        }

        @Test func aStoppedRedisIsGivenUpInTime() async throws {
            try await Lab.open { lab in
                let redis = try await RedisProcess(lab)
                let client = try client(redis, within: .seconds(1))
                try await client.set("value", ByteBuffer(string: "1"))
                // Its kernel still accepts connections and takes bytes; nobody answers.
                try redis.pause()
                await #expect(throws: RedisError(.overloaded, "")) { try await client.get("value") }
                await #expect(throws: RedisError(.overloaded, "")) { try await client.get("value") }
                try redis.resume()
                try await eventually("the client is answered again") {
                    try await client.get("value") == ByteBuffer(string: "1") ? true : nil
                }
                await client.close()
            }
        }

        private func client(_ redis: RedisProcess, within limit: Duration = .seconds(30)) throws -> RedisClient {
            RedisClient(try RedisURL(redis.url), on: executor, within: limit)
        }

        private static func token(_ index: Int) -> ByteBuffer { ByteBuffer(string: "node \(index)") }
    }
}
