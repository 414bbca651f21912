import LibP2PCore
import LibP2PIdentity
import LibP2PTesting
import NIOCore
import Testing
import Wire

@testable import LibP2PBasics

struct RendezvousMessageTests {
    private func check(_ text: String, _ message: RendezvousMessage) throws {
        let bytes = try hex(text)
        var written = ByteBuffer()
        written.writeDelimited(message)
        #expect(Array(written.readableBytesView) == bytes)
        #expect(try written.readDelimited(RendezvousMessage.self, max: RendezvousMessage.maxLength) == message)
    }

    @Test func readsAndWritesTheVectors() throws {
        let vectors = try RendezvousVectors.load()
        #expect(RendezvousService.protocolID.name == vectors.protocol)
        var frame = ByteBuffer(bytes: try hex(vectors.register))
        guard case .register(let entry) = try frame.readDelimited(RendezvousMessage.self, max: 1_000) else {
            Issue.record("not a registration")
            return
        }
        #expect(entry.namespace == "my-app")
        #expect(entry.ttl == 7_200)
        #expect(try PeerRecord(opening: entry.record).peerID == exampleKey().peerID)
        try check(vectors.register, .register(entry))
        try check(vectors.register_response_ok_7200, .registerResponse(.init(ttl: 7_200)))
        try check(vectors.register_invalid_ttl, .registerResponse(.init(status: .invalidTTL, text: "bad ttl")))
        try check(vectors.unregister, .unregister(namespace: "my-app"))
        try check(vectors.discover_all, .discover(.init()))
        try check(vectors.discover_ns_limit10, .discover(.init(namespace: "my-app", limit: 10)))
        try check(
            vectors.discover_response, .discoverResponse(.init(entries: [entry], cookie: Array("cookie1".utf8))))
    }

    @Test func whatIsMissingIsEmpty() throws {
        #expect(try RendezvousMessage(protobuf: [UInt8]()) == .register(.init()))
        #expect(try RendezvousMessage(protobuf: [0x08, 2]) == .unregister(namespace: ""))
        #expect(try RendezvousMessage(protobuf: [0x08, 9]) == .other)
        #expect(RendezvousStatus(wire: 999) == .internalError)
    }

    @Test(arguments: 0..<16 as Range<UInt64>)
    func survivesHostileBytes(seed: UInt64) throws {
        let vectors = try RendezvousVectors.load()
        for text in [vectors.register, vectors.discover_response, vectors.discover_ns_limit10] {
            for bytes in mutants(of: Array(try hex(text).dropFirst(text.count < 300 ? 1 : 2)), seed: seed) {
                _ = RegistrationCookie(bytes: bytes)
                guard let message = try? RendezvousMessage(protobuf: bytes) else { continue }
                #expect(try RendezvousMessage(protobuf: message.protobufBytes()) == message)
            }
        }
    }
}
