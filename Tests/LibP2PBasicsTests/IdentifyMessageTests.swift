import LibP2PTesting
import Multiformats
import NIOCore
import Testing
import Wire

@testable import LibP2PBasics

struct IdentifyMessageTests {
    @Test func readsAndWritesTheVector() throws {
        let vector = try BasicsVectors.load().identify
        let bytes = try hex(vector.delimited_hex)
        var buffer = ByteBuffer(bytes: bytes)
        let read = try buffer.readDelimited(IdentifyMessage.self, max: IdentifyMessage.maxLength)
        let message = try #require(read)
        #expect(message.publicKey == (try hex(vector.fields.publicKey)))
        #expect(try message.listenAddresses.map { try Multiaddr(bytes: $0).description } == vector.fields.listenAddrs)
        #expect(message.protocols == vector.fields.protocols)
        #expect(message.observedAddress == (try Multiaddr(vector.fields.observedAddr).bytes))
        #expect(message.protocolVersion == vector.fields.protocolVersion)
        #expect(message.agentVersion == vector.fields.agentVersion)
        #expect(message.signedPeerRecord != nil)

        var written = ByteBuffer()
        written.writeDelimited(message)
        #expect(written == ByteBuffer(bytes: bytes))
        #expect(message.parts == [message])
    }

    @Test func movesTheRecordOutOfALongMessage() throws {
        var message = IdentifyMessage()
        message.protocols = (0..<100).map { "/example/protocol/\($0)" }
        message.signedPeerRecord = [UInt8](repeating: 1, count: 100)
        let parts = message.parts
        #expect(parts.count == 2)
        #expect(parts.first?.signedPeerRecord == nil)
        #expect(parts.last?.protocols == [])
        var merged = try #require(parts.first)
        merged.merge(try #require(parts.last))
        #expect(merged == message)

        message.signedPeerRecord = nil
        #expect(message.parts == [message])
    }

    @Test func mergesListsAndReplacesValues() {
        var first = IdentifyMessage()
        first.protocols = ["/a"]
        first.agentVersion = "old"
        first.protocolVersion = "kept"
        var second = IdentifyMessage()
        second.protocols = ["/b"]
        second.agentVersion = "new"
        first.merge(second)
        #expect(first.protocols == ["/a", "/b"])
        #expect(first.agentVersion == "new")
        #expect(first.protocolVersion == "kept")
    }

    @Test func boundsTheLists() throws {
        var writer = ProtobufWriter()
        for _ in 0..<2000 {
            writer.bytes(2, [])
            writer.string(3, "")
        }
        var message = try IdentifyMessage(protobuf: writer.finish())
        #expect(message.listenAddresses.count == IdentifyMessage.maxAddresses)
        #expect(message.protocols.count == IdentifyMessage.maxProtocols)
        message.merge(message)
        #expect(message.listenAddresses.count == IdentifyMessage.maxAddresses)
        #expect(message.protocols.count == IdentifyMessage.maxProtocols)
    }

    @Test(arguments: 0..<32 as Range<UInt64>)
    func survivesHostileBytes(seed: UInt64) throws {
        let valid = Array(try hex(try BasicsVectors.load().identify.delimited_hex).dropFirst(2))
        for bytes in mutants(of: valid, seed: seed) {
            guard let message = try? IdentifyMessage(protobuf: bytes) else { continue }
            #expect(try IdentifyMessage(protobuf: message.protobufBytes()) == message)
        }
    }
}
