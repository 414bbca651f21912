import LibP2PTesting
import NIOCore
import Testing

@testable import StarSignalling

@Suite("Several packets travel in one body")
struct PayloadTests {
    private func read(_ body: [UInt8], _ form: PayloadReader.Form) throws -> [EnginePacket] {
        var reader = PayloadReader(ByteBuffer(bytes: body), form)
        var packets: [EnginePacket] = []
        while let packet = try reader.next() { packets.append(packet) }
        return packets
    }

    @Test("what is written is read again", arguments: [EngineRevision.three, .four])
    func roundTrip(revision: EngineRevision) throws {
        let texts = ["2probe", "4", "4é😀\u{ffff}", "40", "4" + String(repeating: "x", count: 1000)]
        var payload = ByteBuffer()
        for text in texts { PollingPayload.append(ByteBuffer(string: text), to: &payload, revision: revision) }
        let packets = try read(Array(payload.readableBytesView), revision == .three ? .counted : .separated)
        #expect(
            packets.map { String(UnicodeScalar($0.kind.rawValue)) + String(buffer: $0.payload) } == texts)
    }

    @Test("UTF-16 units are what JavaScript counts", arguments: ["", "abc", "é", "€", "😀", "a😀é€"])
    func units(text: String) {
        #expect(PollingPayload.utf16Length(ByteBuffer(string: text)) == text.utf16.count)
    }

    @Test("revision 3's bytes")
    func binary() throws {
        let body: [UInt8] = [0, 1, 1, 0xff] + Array("4héllo wor".utf8) + [1, 2, 0xff, 4, 9]
        let packets = try read(body, .binary)
        #expect(packets.count == 2)
        #expect(String(buffer: packets[0].payload) == "héllo wor")
        #expect(packets[1] == EnginePacket(.message, ByteBuffer(bytes: [9]), isBinary: true))
    }

    @Test(
        "revision 3's bytes, broken",
        arguments: [[], [0], [0, 0xff], [2, 1, 0xff, 52], [0, 2, 0xff, 52], [0, 10, 0xff], [1, 1, 0xff, 7]] as [[UInt8]]
    )
    func brokenBinary(body: [UInt8]) {
        #expect(throws: StarSignallingError.self) { try read(body, .binary) }
    }

    @Test("a length ends within no character")
    func halfCharacter() {
        #expect(throws: StarSignallingError.self) { try read(Array("2:4😀".utf8), .counted) }
        #expect(throws: StarSignallingError.self) { try read(Array("3:4".utf8) + [0xf0, 0x9f], .counted) }
    }

    @Test("changed and cut bodies are read or refused", arguments: 1...20 as ClosedRange<UInt64>)
    func mutants(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let bodies: [([UInt8], PayloadReader.Form)] = [
            (Array("3:4é😀2:404:bQQ=".utf8), .counted), (Array("40\u{1e}4é😀\u{1e}bAQID".utf8), .separated),
            ([0, 3, 0xff, 52, 48, 49, 1, 2, 0xff, 4, 9], .binary),
        ]
        for (valid, form) in bodies {
            for body in random.mutations(of: valid, count: 100) {
                guard let packets = try? read(body, form) else { continue }
                #expect(packets.reduce(0) { $0 + $1.payload.readableBytes } <= body.count)
            }
        }
    }
}
