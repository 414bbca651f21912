import LibP2PTesting
import NIOCore
import Testing

@testable import HTTPServing

@Suite("A TLS client's first message tells the certificate that it wants")
struct ClientHelloTests {
    /// The message as a client would send it, in records of at most `recordSize` bytes.
    private static func hello(
        name: String?, protocols: [String] = [], padding: Int = 0, recordSize: Int = 16_384
    ) -> ByteBuffer {
        var extensions = ByteBuffer()
        func add(_ type: UInt16, _ content: (inout ByteBuffer) -> Void) {
            var body = ByteBuffer()
            content(&body)
            extensions.writeInteger(type)
            extensions.writeInteger(UInt16(body.readableBytes))
            extensions.writeBuffer(&body)
        }
        if let name {
            add(0) { body in
                body.writeInteger(UInt16(name.utf8.count + 3))
                body.writeInteger(UInt8(0))
                body.writeInteger(UInt16(name.utf8.count))
                body.writeString(name)
            }
        }
        add(0x0A) { $0.writeRepeatingByte(1, count: 6) }
        if !protocols.isEmpty {
            add(16) { body in
                body.writeInteger(UInt16(protocols.reduce(0) { $0 + $1.utf8.count + 1 }))
                for name in protocols {
                    body.writeInteger(UInt8(name.utf8.count))
                    body.writeString(name)
                }
            }
        }
        if padding > 0 { add(21) { $0.writeRepeatingByte(0, count: padding) } }
        var body = ByteBuffer()
        body.writeInteger(UInt16(0x0303))
        body.writeRepeatingByte(7, count: 32)
        body.writeInteger(UInt8(0))
        body.writeBytes([0, 2, 0x13, 0x01, 1, 0])
        body.writeInteger(UInt16(extensions.readableBytes))
        body.writeBuffer(&extensions)
        var message = ByteBuffer()
        message.writeBytes([1, UInt8(body.readableBytes >> 16)])
        message.writeInteger(UInt16(body.readableBytes & 0xFFFF))
        message.writeBuffer(&body)
        var records = ByteBuffer()
        while message.readableBytes > 0, var part = message.readSlice(length: min(recordSize, message.readableBytes)) {
            records.writeBytes([22, 3, 1])
            records.writeInteger(UInt16(part.readableBytes))
            records.writeBuffer(&part)
        }
        return records
    }

    @Test("in one record or in many", arguments: [16_384, 100, 1])
    func nameAndProtocols(recordSize: Int) {
        let bytes = Self.hello(name: "Relay.Example.org", protocols: ["h2", "http/1.1"], recordSize: recordSize)
        let expected = ClientHello(serverName: "relay.example.org", protocols: ["h2", "http/1.1"])
        #expect(ClientHello.read(bytes) == .complete(expected))
        #expect(ClientHello.read(Self.hello(name: nil, recordSize: recordSize)) == .complete(ClientHello()))
    }

    @Test func everyPrefixIsIncomplete() throws {
        let bytes = Self.hello(name: "relay.example.org", protocols: ["acme-tls/1"])
        for length in 0..<bytes.readableBytes {
            let prefix = try #require(bytes.getSlice(at: 0, length: length))
            #expect(ClientHello.read(prefix) == .incomplete)
        }
    }

    @Test("what is no TLS", arguments: ["GET / HTTP/1.1\r\n\r\n", "\u{13}/multistream/1.0.0\n", "\u{16}nonsense"])
    func foreign(text: String) {
        #expect(ClientHello.read(ByteBuffer(string: text)) == .foreign)
    }

    @Test func giantsAndOddNamesAreMalformed() {
        #expect(ClientHello.read(Self.hello(name: nil, padding: 17_000)) == .malformed)
        #expect(ClientHello.read(Self.hello(name: "")) == .malformed)
        #expect(ClientHello.read(Self.hello(name: "a\u{0}b")) == .malformed)
        #expect(ClientHello.read(Self.hello(name: String(repeating: "a", count: 256))) == .malformed)
        #expect(ClientHello.read(ByteBuffer(bytes: [22, 3, 1, 0, 4, 2, 0, 0, 0])) == .malformed)
        #expect(ClientHello.read(ByteBuffer(bytes: [22, 3, 1, 0, 0])) == .malformed)
    }

    @Test func mutantsDoNotTrap() {
        let bytes = Self.hello(name: "relay.example.org", protocols: ["h2", "http/1.1"])
        var random = SeededGenerator(seed: 6)
        for _ in 0..<20_000 {
            var mutant = bytes
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                mutant.setInteger(
                    UInt8.random(in: 0...255, using: &random),
                    at: Int.random(in: 0..<bytes.readableBytes, using: &random))
            }
            if case .complete(let hello) = ClientHello.read(mutant) { #expect(hello.protocols.count < 64) }
        }
    }
}
