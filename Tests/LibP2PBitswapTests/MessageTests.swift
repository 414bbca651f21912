import LibP2PTesting
import Multiformats
import NIOCore
import Testing
import Wire

@testable import LibP2PBitswap

struct MessageTests {
    @Test func readsAndWritesTheVectors() throws {
        let vectors = try BitswapVectors.load()
        let (v0, v1, other) = (try vectors.v0, try vectors.v1, try vectors.other)
        let hello = ByteBuffer(bytes: vectors.blocks.hello_hex.bytes)
        let expected: [String: BitswapMessage] = [
            "want_block_v0": BitswapMessage(wants: [Want(cid: v0)]),
            "full_want_have_and_block": BitswapMessage(
                wants: [
                    Want(cid: v1, kind: .have, priority: 7, asksForDenial: true),
                    Want(cid: other, priority: -1, asksForDenial: true),
                ], isFullWantlist: true),
            "cancel": BitswapMessage(wants: [.cancel(v1)]),
            "block_1_0": BitswapMessage(blocks: [BlockPayload(prefix: nil, data: hello)]),
            "block_1_1_pending_13": BitswapMessage(
                blocks: [BlockPayload(prefix: CIDPrefix(v1), data: hello)], pendingBytes: 13),
            "empty_full": BitswapMessage(isFullWantlist: true),
        ]
        for (name, message) in expected {
            let bytes = try #require(vectors.messages[name]).bytes
            #expect(try BitswapMessage(protobuf: bytes) == message, "\(name)")
            #expect(message.protobufBytes() == bytes, "\(name)")
        }
        let presences = BitswapMessage(presences: [.init(cid: v1, isThere: true), .init(cid: other, isThere: false)])
        let bytes = try #require(vectors.messages["presences"]).bytes
        #expect(try BitswapMessage(protobuf: bytes) == presences)
        #expect(try BitswapMessage(protobuf: presences.protobufBytes()) == presences)
        #expect(vectors.messages.count == expected.count + 1)
    }

    @Test func saysInEachVersionWhatCanBeSaid() throws {
        let vectors = try BitswapVectors.load()
        let (v1, other) = (try vectors.v1, try vectors.other)
        let block = try Block(vectors.blocks.hello_hex.bytes)
        let message = BitswapMessage(
            wants: [.have(v1), .block(other), .cancel(v1)], blocks: [BlockPayload(block)],
            presences: [.init(cid: v1, isThere: true)], pendingBytes: 1)
        #expect(message.limited(to: .v120) == message)
        let middle = message.limited(to: .v110)
        #expect(middle.wants == [Want(cid: other), .cancel(v1)])
        #expect(middle.blocks == message.blocks)
        #expect(middle.presences.isEmpty && middle.pendingBytes == 0)
        #expect(message.limited(to: .v100).blocks.map(\.prefix) == [nil])
    }

    @Test func oneUnreadableEntryDoesNotCostTheOthers() throws {
        let cid = try BitswapVectors.load().v1
        var writer = ProtobufWriter()
        writer.message(1) { list in
            list.message(1) { $0.bytes(1, [1, 2, 3]) }
            list.message(1) { Want.block(cid).write(to: &$0) }
        }
        writer.message(3) { $0.bytes(1, [9]) }
        writer.message(4) { presence in
            presence.bytes(1, cid.bytes)
            presence.varint(2, 7)
        }
        let message = try BitswapMessage(protobuf: writer.finish())
        #expect(message == BitswapMessage(wants: [.block(cid)]))
    }

    @Test func boundsWhatItReads() throws {
        var writer = ProtobufWriter()
        writer.message(1) { list in
            for number in 0..<5000 {
                list.message(1) { $0.bytes(1, [0x01, 0x55, 0x00, 2, UInt8(number >> 8), UInt8(number & 0xff)]) }
            }
        }
        for _ in 0..<5000 { writer.bytes(2, [UInt8]()) }
        let message = try BitswapMessage(protobuf: writer.finish())
        #expect(message.wants.count == BitswapMessage.maxWants)
        #expect(message.blocks.count == BitswapMessage.maxBlocks)
    }

    @Test func survivesChangedBytes() throws {
        let vectors = try BitswapVectors.load()
        var readable = 0
        for (seed, hex) in vectors.messages.values.map(\.bytes).sorted(by: { $0.count < $1.count }).enumerated() {
            for bytes in mutants(of: hex, seed: UInt64(seed), count: 300) {
                guard let message = try? BitswapMessage(protobuf: bytes) else { continue }
                readable += 1
                for payload in message.blocks { _ = try? payload.block() }
                #expect(try BitswapMessage(protobuf: message.protobufBytes()) == message)
            }
        }
        #expect(readable > 100)
    }
}
