import LibP2PCore
import LibP2PTesting
import NIOCore
import Testing

@testable import StarSignalling

@Suite("Nodes of a star understand one another")
struct ClusterMessageTests {
    static func messages() throws -> [ClusterMessage] {
        let node = StarNodeID(RandomSource(seed: 3))
        let address = try #require(StarAddress("/dns4/a/ü"))
        let text = ByteBuffer(string: StarClient.offer(from: "/a", to: "/b"))
        return [
            .joined(address, JoinStamp(time: .max, node: node)), .left(address, JoinStamp(time: 0, node: node)),
            .alive(node, peers: 70_000), .gone(node),
            .handshake(ForwardedHandshake(target: address, text: text, isReturned: true), from: node),
            .handshake(ForwardedHandshake(target: address, text: text, isReturned: false), from: node),
        ]
    }

    @Test("messages are read as they were written")
    func roundTrip() throws {
        for message in try Self.messages() { #expect(ClusterMessage(message.encoded) == message) }
    }

    @Test(
        "a handshake is passed on only if clients can read it",
        arguments: ["", "5", "[]", "{", "{}x", #"{"a":}"#, "{\"a\":\"\u{1}\"}", #"{"a":"# + nested(64) + "}"])
    func texts(text: String) throws {
        let address = try #require(StarAddress("/a"))
        let handshake = ForwardedHandshake(target: address, text: ByteBuffer(string: text), isReturned: true)
        let message = ClusterMessage.handshake(handshake, from: StarNodeID(RandomSource(seed: 1)))
        #expect(ClusterMessage(message.encoded) == nil)
    }

    private static func nested(_ depth: Int) -> String {
        String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
    }

    @Test("no bytes trap, and what is read is written the same", arguments: 1...10 as ClosedRange<UInt64>)
    func mutations(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        for message in try Self.messages() {
            for bytes in generator.mutations(of: Array(message.encoded.readableBytesView), count: 100) {
                let bytes = ByteBuffer(bytes: bytes)
                guard let read = ClusterMessage(bytes) else { continue }
                #expect(read.encoded == bytes)
            }
        }
    }
}
