import LibP2PMuxers
import NIOCore
import Testing

@Suite struct YamuxFrameTests {
    static let headers: [(name: String, header: YamuxHeader)] = [
        ("open_with_window_update", YamuxHeader(.windowUpdate, .syn, stream: 1)),
        ("ack", YamuxHeader(.windowUpdate, .ack, stream: 1)),
        ("data_hello", YamuxHeader(.data, stream: 1, length: 5)),
        ("open_with_data", YamuxHeader(.data, .syn, stream: 3, length: 5)),
        ("half_close", YamuxHeader(.data, .fin, stream: 1)),
        ("reset", YamuxHeader(.windowUpdate, .rst, stream: 1)),
        ("window_plus_1MiB", YamuxHeader(.windowUpdate, stream: 1, length: 1 << 20)),
        ("ping_request", YamuxHeader(.ping, .syn, stream: 0, length: 0xdead_beef)),
        ("ping_reply", YamuxHeader(.ping, .ack, stream: 0, length: 0xdead_beef)),
        ("go_away_normal", YamuxHeader(.goAway, stream: 0, length: 0)),
        ("go_away_protocol_error", YamuxHeader(.goAway, stream: 0, length: 1)),
        ("go_away_internal", YamuxHeader(.goAway, stream: 0, length: 2)),
    ]

    @Test(arguments: headers) func vectors(name: String, header: YamuxHeader) throws {
        let bytes = try #require(MuxerVectors.yamux[name])
        var buffer = ByteBuffer(bytes: bytes)
        #expect(try YamuxHeader(from: &buffer) == header)
        var written = ByteBuffer()
        header.write(to: &written)
        #expect(Array(written.readableBytesView) == Array(bytes.prefix(YamuxHeader.size)))
    }

    @Test func everyVectorIsTested() {
        let tested = Set(Self.headers.map(\.name))
        #expect(Set(MuxerVectors.yamux.keys) == tested)
    }

    @Test func refusesOtherVersionsAndTypes() {
        var version = ByteBuffer(bytes: [1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0])
        #expect(throws: MuxerError(.protocolViolation, "")) { try YamuxHeader(from: &version) }
        var kind = ByteBuffer(bytes: [0, 4, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0])
        #expect(throws: MuxerError(.protocolViolation, "")) { try YamuxHeader(from: &kind) }
    }

    @Test(arguments: 1...30) func anyChunking(size: Int) throws {
        var stream: [UInt8] = []
        for (name, _) in Self.headers { stream += try #require(MuxerVectors.yamux[name]) }
        var parser = YamuxFrameParser()
        var headers: [YamuxHeader] = []
        var payload: [UInt8] = []
        for start in Swift.stride(from: 0, to: stream.count, by: size) {
            parser.append(ByteBuffer(bytes: stream[start..<min(start + size, stream.count)]))
            while let part = try parser.next() {
                switch part {
                case .header(let header): headers.append(header)
                case .payload(let bytes, _): payload += Array(bytes.readableBytesView)
                }
            }
        }
        #expect(headers == Self.headers.map(\.header))
        #expect(payload == Array("hellohello".utf8))
    }

    @Test func handsOnPartsOfAFrameAsTheyArrive() throws {
        var parser = YamuxFrameParser()
        var buffer = ByteBuffer()
        YamuxHeader(.data, stream: 1, length: 200_000).write(to: &buffer)
        buffer.writeRepeatingByte(7, count: 10)
        parser.append(buffer)
        #expect(try parser.next() == .header(YamuxHeader(.data, stream: 1, length: 200_000)))
        #expect(try parser.next() == .payload(ByteBuffer(repeating: 7, count: 10), isLast: false))
        #expect(try parser.next() == nil)
        parser.append(ByteBuffer(repeating: 7, count: 199_990))
        #expect(try parser.next() == .payload(ByteBuffer(repeating: 7, count: 199_990), isLast: true))
        #expect(try parser.next() == nil)
    }

    @Test func slicesWithoutCopying() throws {
        var buffer = ByteBuffer()
        YamuxHeader(.data, stream: 1, length: 1000).write(to: &buffer)
        buffer.writeRepeatingByte(7, count: 1000)
        let place = buffer.withUnsafeReadableBytes { $0.baseAddress.map { $0 + YamuxHeader.size } }
        var parser = YamuxFrameParser()
        parser.append(buffer)
        _ = try parser.next()
        guard case .payload(let payload, _)? = try parser.next() else {
            Issue.record("no payload")
            return
        }
        #expect(payload.withUnsafeReadableBytes { $0.baseAddress } == place)
    }
}
