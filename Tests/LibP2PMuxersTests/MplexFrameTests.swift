import LibP2PMuxers
import NIOCore
import Testing

@Suite struct MplexFrameTests {
    static let headers: [(name: String, header: MplexHeader)] = [
        ("new_stream_0_name_0", MplexHeader(id: 0, flag: .newStream, length: 1)),
        ("message_initiator", MplexHeader(id: 0, flag: .messageInitiator, length: 2)),
        ("message_receiver", MplexHeader(id: 0, flag: .messageReceiver, length: 2)),
        ("close_initiator", MplexHeader(id: 0, flag: .closeInitiator)),
        ("close_receiver", MplexHeader(id: 0, flag: .closeReceiver)),
        ("reset_initiator", MplexHeader(id: 0, flag: .resetInitiator)),
        ("reset_receiver", MplexHeader(id: 0, flag: .resetReceiver)),
        ("stream_id_300_message", MplexHeader(id: 300, flag: .messageInitiator, length: 1)),
    ]

    @Test(arguments: headers) func vectors(name: String, header: MplexHeader) throws {
        let bytes = try #require(MuxerVectors.mplex[name])
        var parser = MplexFrameParser()
        parser.append(ByteBuffer(bytes: bytes))
        #expect(try parser.next() == .header(header))
        var written = ByteBuffer()
        header.write(to: &written)
        #expect(Array(written.readableBytesView) == Array(bytes.dropLast(header.length)))
    }

    @Test func everyVectorIsTested() {
        let tested = Set(Self.headers.map(\.name))
        #expect(Set(MuxerVectors.mplex.keys) == tested)
    }

    @Test(arguments: 1...20) func anyChunking(size: Int) throws {
        var stream: [UInt8] = []
        for (name, _) in Self.headers { stream += try #require(MuxerVectors.mplex[name]) }
        var parser = MplexFrameParser()
        var headers: [MplexHeader] = []
        var payload: [UInt8] = []
        for start in Swift.stride(from: 0, to: stream.count, by: size) {
            parser.append(ByteBuffer(bytes: stream[start..<min(start + size, stream.count)]))
            while let part = try parser.next() {
                switch part {
                case .header(let header): headers.append(header)
                case .payload(let bytes): payload += Array(bytes.readableBytesView)
                }
            }
        }
        #expect(headers == Self.headers.map(\.header))
        #expect(payload == Array("0hihix".utf8))
    }

    @Test(
        arguments: [
            ("a flag that does not exist", [0x07, 0x00], MuxerError.Code.protocolViolation),
            ("more than 1 MiB", [0x02, 0x81, 0x80, 0x40], .frameTooLarge),
            ("a varint that is not minimal", [0x82, 0x00, 0x00], .protocolViolation),
            ("a varint of ten bytes", [UInt8](repeating: 0xff, count: 10), .protocolViolation),
        ] as [(String, [UInt8], MuxerError.Code)])
    func refuses(what: String, bytes: [UInt8], code: MuxerError.Code) {
        var parser = MplexFrameParser()
        parser.append(ByteBuffer(bytes: bytes))
        #expect(throws: MuxerError(code, what)) { while try parser.next() != nil {} }
    }

    @Test func theLargestIdAndFrameRoundTrip() throws {
        let header = MplexHeader(id: MplexHeader.maxID, flag: .messageInitiator, length: MplexHeader.maxPayload)
        var buffer = ByteBuffer()
        header.write(to: &buffer)
        var parser = MplexFrameParser()
        parser.append(buffer)
        #expect(try parser.next() == .header(header))
    }
}
