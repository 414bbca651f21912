import LibP2PCore
import NIOCore
import NIOPosix
import Redis
import Testing

@testable import StarSignalling

extension RealPeers {
    /// Two nodes' stars made one by a real Redis, which dies and comes back.
    @Suite(.timeLimit(.minutes(2)))
    struct StarRedisTests {
        @Test func peersOfTwoNodesMeet() async throws {
            try await Lab.open { lab in
                let redis = try await RedisProcess(lab, password: "secret")
                let first = try await StarNodeInProcess(redis)
                let a = try await first.peer("/a")
                try await first.waitForRedis()
                // What is there already is learned, what comes is heard.
                let second = try await StarNodeInProcess(redis)
                try await eventually("the second node knows /a") { second.hub.remotePeerCount == 1 ? true : nil }
                let b = try await second.peer("/b")
                try await b.hears(of: "/a")
                try await a.hears(of: "/b")

                try await a.handshake(with: "/b", number: 1)
                #expect(try await b.receives(1) == (false, false))
                try await b.handshake(with: "/a", number: 1, isAnswer: true)
                #expect(try await a.receives(1) == (false, true))
                try await a.handshake(with: "/nobody", number: 2)
                #expect(try await a.receives(2).isError)

                try await b.send("ss-leave")
                try await eventually("the first node knows that /b left") {
                    first.hub.remotePeerCount == 0 ? true : nil
                }
                try await a.handshake(with: "/b", number: 3)
                #expect(try await a.receives(3).isError)
                await first.cluster.stop()
                try await eventually("the second node knows that the first ended") {
                    second.hub.remotePeerCount == 0 ? true : nil
                }
                await second.cluster.stop()
            }
        }

        @Test func theNewestJoinWinsAcrossNodes() async throws {
            try await Lab.open { lab in
                let redis = try await RedisProcess(lab)
                let (first, second) = (try await StarNodeInProcess(redis), try await StarNodeInProcess(redis))
                try await first.waitForRedis()
                try await second.waitForRedis()
                let other = try await first.peer("/other")
                let old = try await first.peer("/same")
                try await other.hears(of: "/same")
                let new = try await second.peer("/same")
                try await eventually("the first node knows the newer join") {
                    first.hub.peerCount == 1 && first.hub.remotePeerCount == 1 ? true : nil
                }
                // The older one's end ends nothing.
                try await old.disconnect()
                try await other.handshake(with: "/same", number: 1)
                #expect(try await new.receives(1) == (false, false))
                // And back again.
                let newest = try await first.peer("/same")
                try await eventually("the second node knows the newest join") {
                    second.hub.peerCount == 0 ? true : nil
                }
                try await new.disconnect()
                try await other.handshake(with: "/same", number: 2)
                #expect(try await newest.receives(2) == (false, false))
                await first.cluster.stop()
                await second.cluster.stop()
            }
        }

        @Test func aStarOutlivesItsRedis() async throws {
            try await Lab.open { lab in
                let redis = try await RedisProcess(lab)
                let (first, second) = (try await StarNodeInProcess(redis), try await StarNodeInProcess(redis))
                try await first.waitForRedis()
                try await second.waitForRedis()
                let a = try await first.peer("/a")
                let b = try await second.peer("/b")
                try await a.hears(of: "/b")
                try await b.hears(of: "/a")
                for round in 0..<2 {
                    try await redis.kill()
                    try await eventually("both nodes have lost Redis") {
                        first.cluster.currentStatus.isConnected || second.cluster.currentStatus.isConnected ? nil : true
                    }
                    // Each node goes on alone.
                    let local = try await first.peer("/local-\(round)")
                    try await a.hears(of: "/local-\(round)")
                    try await a.handshake(with: "/local-\(round)", number: 10 * round)
                    #expect(try await local.receives(10 * round) == (false, false))
                    try await a.handshake(with: "/b", number: 10 * round + 1)
                    #expect(try await a.receives(10 * round + 1).isError)
                    let newcomer = try await second.peer("/new-\(round)")
                    // The second time Redis is away longer than others' peers are remembered.
                    if round == 1 {
                        try await eventually("/b is forgotten") { first.hub.remotePeerCount == 0 ? true : nil }
                    }
                    try await redis.restart()
                    try await a.hears(of: "/new-\(round)")
                    try await b.hears(of: "/local-\(round)")
                    try await a.handshake(with: "/b", number: 10 * round + 2)
                    #expect(try await b.receives(10 * round + 2) == (false, false))
                    try await newcomer.handshake(with: "/local-\(round)", number: 10 * round + 3)
                    #expect(try await local.receives(10 * round + 3) == (false, false))
                }
                await first.cluster.stop()
                await second.cluster.stop()
            }
        }

        @Test func whatDeadNodesLeftExpiresAndJunkDoesNoHarm() async throws {
            try await Lab.open { lab in
                let redis = try await RedisProcess(lab)
                let node = try await StarNodeInProcess(redis)
                try await node.waitForRedis()
                let a = try await node.peer("/a")
                let writer = try await RedisWriter(redis.url)
                let ghost = "00000000000000aa"
                let time = "\(UInt64(WallClock.system.now.nanoseconds / 1000))"
                for _ in 0..<3 {
                    try await writer.call("PUBLISH", "waystation:star:3:news", "junk")
                    try await writer.call("PUBLISH", "waystation:star:3:news", "\u{1}\u{3}\(ghost)")
                }
                try await writer.call("SADD", "waystation:star:3:nodes", "junk", "", ghost, "00000000000000bb")
                try await writer.call(
                    "HSET", "waystation:star:3:peers:\(ghost)", "/ghost", time, "/junk", "x", "", time,
                    String(repeating: "x", count: 1025), time, "/future", "18446744073709551615")
                try await writer.call("SET", "waystation:star:3:alive:\(ghost)", "1", "PX", "1500")
                // Its sign of life makes the node look.
                let alive = "\u{1}\u{3}\(ghost)\u{0}\u{0}\u{0}\u{1}"
                try await eventually("the ghost's peer is learned") {
                    try await writer.call("PUBLISH", "waystation:star:3:news", alive)
                    return node.hub.remotePeerCount == 1 ? true : nil
                }
                try await a.hears(of: "/ghost")
                try await a.handshake(with: "/ghost", number: 1)
                #expect(try await a.receives(1).isError)
                try await eventually("the ghost is gone") { node.hub.remotePeerCount == 0 ? true : nil }
                try await eventually("what the ghost left is cleared away") {
                    try await writer.call("EXISTS", "waystation:star:3:peers:\(ghost)") == .integer(0) ? true : nil
                }
                #expect(!a.hasHeard(of: "/junk") && !a.hasHeard(of: "/future"))

                // Who empties Redis only makes the nodes write again.
                try await writer.call("FLUSHALL")
                try await eventually("the node has written its peers again") {
                    let count = try await writer.call("HLEN", "waystation:star:3:peers:\(node.hub.roster.node)")
                    return count == .integer(1) ? true : nil
                }
                await node.cluster.stop()
                #expect(try await writer.call("KEYS", "waystation:star:3:*\(node.hub.roster.node)") == .array([]))
                writer.close()
            }
        }
    }
}

/// Speaks to Redis beside the nodes.
private struct RedisWriter {
    private let connection: RedisConnection

    init(_ url: String) async throws {
        connection = try await RedisConnection.connect(
            to: RedisURL(url), on: LoopExecutor(NIOSingletons.posixEventLoopGroup.next()), closed: {})
    }

    @discardableResult
    func call(_ parts: String...) async throws -> RESPValue { try await connection.call(RESPCommand(parts)) }

    func close() { connection.close() }
}
