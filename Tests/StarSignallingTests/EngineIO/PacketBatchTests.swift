import NIOCore
import StarSignalling
import Testing

@Suite("Packets are encoded once for all receivers")
struct PacketBatchTests {
    @Test("an event is one text frame")
    func event() {
        var batch = PacketBatch()
        batch.append(event: "ws-peer", argument: ByteBuffer(string: "\"/a\""))
        #expect(batch.count == 1)
        #expect(batch.text(0).map { String(buffer: $0) } == #"42["ws-peer","/a"]"#)
        #expect(Array(batch.frames.readableBytesView.prefix(4)) == [0x81, 18, UInt8(ascii: "4"), UInt8(ascii: "2")])
        #expect(batch.byteCount == 20)
    }

    @Test(
        "the header's length follows the payload's", arguments: [(0, 2), (125, 2), (126, 4), (65535, 4), (65536, 10)])
    func header(payload: Int, header: Int) {
        var batch = PacketBatch()
        batch.append(packet: ByteBuffer(repeating: UInt8(ascii: "4"), count: payload))
        #expect(batch.byteCount == payload + header)
        #expect(batch.text(0)?.readableBytes == payload)
    }

    @Test("slices of slices hold the packets that they should")
    func slices() {
        var batch = PacketBatch()
        for number in 0..<10 { batch.append(packet: "4\(number)") }
        let texts = { (batch: PacketBatch) in (0..<batch.count).map { batch.text($0).map { String(buffer: $0) } } }
        #expect(texts(batch.slice(3..<7)) == ["43", "44", "45", "46"])
        #expect(texts(batch.slice(3..<7).slice(1..<3)) == ["44", "45"])
        #expect(batch.slice(3..<7).slice(1..<3).byteCount == 8)
        #expect(texts(batch.slice(8..<20)) == ["48", "49"])
        #expect(batch.slice(10..<20).isEmpty)
        #expect(batch.text(10) == nil)
    }

    @Test("what is appended to a slice follows it, and leaves the whole alone")
    func appendToSlice() {
        var batch = PacketBatch()
        for number in 0..<4 { batch.append(packet: "4\(number)") }
        var slice = batch.slice(1..<3)
        slice.append(packet: "4x")
        #expect(slice.text(2).map { String(buffer: $0) } == "4x")
        #expect(slice.text(0).map { String(buffer: $0) } == "41")
        #expect(slice.byteCount == 12)
        #expect(batch.text(3).map { String(buffer: $0) } == "43")
    }

    @Test("packets of another batch are taken over with their frames")
    func appendOthers() {
        var batch = PacketBatch()
        for number in 0..<5 { batch.append(packet: "4\(number)") }
        var other = PacketBatch()
        other.append(packet: "4x")
        other.append(1..<3, of: batch.slice(1..<5))
        other.append(7..<9, of: batch)
        #expect((0..<other.count).map { other.text($0).map { String(buffer: $0) } } == ["4x", "42", "43"])
        #expect(other.byteCount == 12)
        #expect(other.slice(2..<3).text(0).map { String(buffer: $0) } == "43")
    }
}
