import NIOCore
import Testing
import Wire

struct DelimitedTests {
    @Test func readsFrameByFrame() throws {
        var input = try buffer("0201020003040506ff")
        #expect(try input.readDelimited(max: 3) == ByteBuffer(bytes: [1, 2]))
        #expect(try input.readDelimited(max: 3) == ByteBuffer())
        #expect(try input.readDelimited(max: 3) == ByteBuffer(bytes: [4, 5, 6]))
        #expect(try input.readDelimited(max: 3) == nil)
        #expect(input.readableBytes == 1)
    }

    @Test func everyPrefixIsIncomplete() throws {
        var whole = ByteBuffer()
        whole.writeDelimited([UInt8](repeating: 7, count: 200))
        for length in 0..<whole.readableBytes {
            var input = try #require(whole.getSlice(at: 0, length: length))
            #expect(try input.readDelimited(max: 200) == nil)
            #expect(input.readableBytes == length)
        }
        #expect(try whole.readDelimited(max: 200)?.readableBytes == 200)
    }

    @Test(arguments: ["05", "ffffffffffffffff7f", "8080808010"])
    func refusesALongFrameBeforeItsBodyComes(text: String) throws {
        var input = try buffer(text)
        #expect(throws: WireError(.frameTooLong, "")) { try input.readDelimited(max: 4) }
    }

    @Test func refusesAMalformedLength() throws {
        var input = try buffer("800001")
        #expect(throws: WireError(.nonMinimalVarint, "")) { try input.readDelimited(max: 4) }
    }

    @Test(arguments: [0, 1, 125, 126, 127, 128, 16_381, 16_382, 16_383, 16_384, 2_097_152])
    func writesAMessageInPlaceWithAMinimalLength(size: Int) throws {
        let body = [UInt8](repeating: 0x5a, count: size)
        var output = ByteBuffer(bytes: [1, 2, 3])
        output.writeDelimited(Blob(bytes: body))
        output.writeInteger(UInt8(9))

        var expected = ByteBuffer(bytes: [1, 2, 3])
        expected.writeDelimited(Blob(bytes: body).protobufBytes())
        expected.writeInteger(UInt8(9))
        #expect(output == expected)

        output.moveReaderIndex(forwardBy: 3)
        #expect(try output.readDelimited(Blob.self, max: size + 8)?.bytes == body)
        #expect(output.readableBytes == 1)
    }
}

/// A message of one `bytes` field.
struct Blob: ProtobufMessage {
    var bytes: [UInt8] = []

    init(bytes: [UInt8]) { self.bytes = bytes }

    init(from reader: inout ProtobufReader) throws {
        while let field = try reader.nextField() {
            if field.number == 1 { bytes = try field.byteArray() }
        }
    }

    func write(to writer: inout ProtobufWriter) { writer.bytes(1, bytes) }
}
