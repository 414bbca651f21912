import LibP2PTesting
import NIOCore
import Testing
import Wire

struct ProtobufTests {
    @Test func writesTheDocumentedEncodings() throws {
        var writer = ProtobufWriter()
        writer.varint(1, 150)
        writer.string(2, "testing")
        writer.message(3) { $0.varint(1, 150) }
        writer.bool(4, false)
        writer.int32(5, -1)
        writer.fixed32(16, 1)
        writer.fixed64(17, 2)
        writer.bytes(18, ByteBuffer())
        #expect(
            writer.finish()
                == (try buffer(
                    "089601" + "120774657374696e67" + "1a03089601" + "2000" + "28ffffffffffffffffff01"
                        + "850101000000" + "89010200000000000000" + "920100")))
    }

    @Test func readsWhatItWrites() throws {
        let message = Everything.example
        let bytes = message.protobufBytes()
        #expect(try Everything(protobuf: bytes) == message)
        #expect(try Everything(protobuf: bytes).protobufBytes() == bytes)
    }

    @Test func lastValueWins() throws {
        #expect(try Everything(protobuf: try hex("08010802")).number == 2)
    }

    @Test func skipsUnknownFields() throws {
        // Field 100 as a varint, as eight bytes, as bytes and as four bytes, around a field that is known.
        let bytes = try hex("a006ff01" + "a1060102030405060708" + "0807" + "a2060161" + "a50601020304")
        #expect(try Everything(protobuf: bytes).number == 7)
    }

    @Test func acceptsPaddedVarints() throws {
        #expect(try Everything(protobuf: try hex("08818000")).number == 1)
        #expect(try Everything(protobuf: try hex("8800" + "01")).number == 1)
        #expect(try Everything(protobuf: try hex("08ffffffffffffffffff01")).number == .max)
    }

    @Test func acceptsPackedAndSingleElements() throws {
        let expected: [UInt64] = [1, 300, 2]
        #expect(try Everything(protobuf: try hex("3a03" + "01ac02" + "3802")).list == expected)
        #expect(try Everything(protobuf: try hex("3801" + "38ac02" + "3802")).list == expected)
        #expect(throws: WireError(.truncated, "")) { try Everything(protobuf: try hex("3a01" + "80")) }
        #expect(throws: WireError(.tooManyElements, "")) { try Everything(protobuf: try hex("3a05" + "0102030405")) }
    }

    @Test(arguments: [
        ("00", WireError.Code.invalidFieldNumber),  // Field 0.
        ("8080808010" + "00", .invalidFieldNumber),  // Field 2^29.
        ("0b", .unsupportedWireType), ("0c", .unsupportedWireType),  // Groups.
        ("0e", .unsupportedWireType), ("0f", .unsupportedWireType),
        ("08", .truncated), ("0880", .truncated), ("80", .truncated),
        ("09" + "01020304050607", .truncated), ("0d" + "010203", .truncated),
        ("0a", .truncated), ("0a0200", .truncated), ("0affffffffffffffffff01", .truncated),
        ("08ffffffffffffffffff02", .varintTooLong), ("08ffffffffffffffffffff01", .varintTooLong),
        ("0a0101", .wrongWireType), ("1001", .wrongWireType),
        ("120180", .invalidUTF8), ("1203eda080", .invalidUTF8),
    ])
    func refusesMalformedMessages(text: String, code: WireError.Code) throws {
        #expect(throws: WireError(code, "")) { try Everything(protobuf: try hex(text)) }
    }

    @Test func acceptsFieldZeroWhereAsked() throws {
        var reader = ProtobufReader(try buffer("020161" + "0a0162"), acceptsFieldZero: true)
        let first = try #require(try reader.nextField())
        #expect(first.number == 0)
        #expect(try first.string() == "a")
        #expect(try reader.nextField()?.string() == "b")
        #expect(try reader.nextField() == nil)
    }

    @Test func slicesShareTheMessagesStorage() throws {
        let message = try buffer("0a03010203")
        var reader = ProtobufReader(message)
        let slice = try #require(try reader.nextField()).bytes()
        let whole = message.withUnsafeReadableBytes { $0.baseAddress }
        let part = slice.withUnsafeReadableBytes { $0.baseAddress }
        #expect(part == whole?.advanced(by: 2))
    }

    /// Mutated and truncated messages are read or refused; they never trap, and what is read can be written again.
    @Test(arguments: 0..<64 as Range<UInt64>)
    func survivesHostileBytes(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let valid = Everything.example.protobufBytes()
        for _ in 0..<200 {
            var bytes = Array(valid.prefix(Int.random(in: 0...valid.count, using: &random)))
            for _ in 0..<Int.random(in: 0...4, using: &random) where !bytes.isEmpty {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            if let message = try? Everything(protobuf: bytes) {
                #expect(try Everything(protobuf: message.protobufBytes()) == message)
            }
            var frame = ByteBuffer(bytes: bytes)
            _ = try? frame.readDelimited(Everything.self, max: 64)
            var varint = ByteBuffer(bytes: bytes)
            while (try? varint.readVarint()) != nil {}
        }
    }
}

extension ProtobufField? {
    fileprivate func string() throws -> String? { try self?.string() }
}

/// A message with a field of every kind.
struct Everything: ProtobufMessage, Equatable {
    var number: UInt64?
    var text: String?
    var inner: [Everything] = []
    var flag: Bool?
    var small: Int32?
    var short: UInt32?
    var list: [UInt64] = []
    var long: UInt64?

    init() {}

    static var example: Everything {
        var leaf = Everything()
        leaf.text = String(repeating: "é", count: 70)
        var example = Everything()
        example.number = .max
        example.text = "wire"
        example.inner = [leaf, Everything(), leaf]
        example.flag = true
        example.small = -5
        example.short = .max
        example.list = [0, 300, .max]
        example.long = 1 << 63
        return example
    }

    /// The type contains itself, so it bounds the depth, as every such message must.
    init(from reader: inout ProtobufReader) throws { try self.init(from: &reader, depth: 8) }

    private init(from reader: inout ProtobufReader, depth: Int) throws {
        while let field = try reader.nextField() {
            switch field.number {
            case 1: number = try field.varint()
            case 2: text = try field.string()
            case 3:
                guard depth > 0 else { throw WireError(.tooManyElements, "nested too deeply") }
                var nested = ProtobufReader(try field.bytes())
                inner.append(try Everything(from: &nested, depth: depth - 1))
            case 4: flag = try field.bool()
            case 5: small = try field.int32()
            case 6: short = try field.fixed32()
            case 7: try field.appendVarints(to: &list, max: 4)
            case 8: long = try field.fixed64()
            default: break
            }
        }
    }

    func write(to writer: inout ProtobufWriter) {
        if let number { writer.varint(1, number) }
        if let text { writer.string(2, text) }
        for message in inner { writer.message(3, message) }
        if let flag { writer.bool(4, flag) }
        if let small { writer.int32(5, small) }
        if let short { writer.fixed32(6, short) }
        for value in list { writer.varint(7, value) }
        if let long { writer.fixed64(8, long) }
    }
}
