package import NIOCore

/// Text packets, encoded once for any number of receivers.
///
/// Copies and slices share the bytes. A receiver over WebSocket is written ``frames`` as they are; for one that polls the
/// texts are taken out of their frames again.
package struct PacketBatch: Sendable {
    /// Where a packet's frame and its text end, counted from the batch's first byte; the text begins after the header.
    private struct Bounds {
        let start: Int
        let text: Int
        let end: Int
    }

    /// Unmasked WebSocket text frames, one after another; each is one Engine.IO packet.
    package private(set) var frames = ByteBuffer()
    private var bounds: ArraySlice<Bounds> = []

    /// A batch without packets.
    package init() {}

    /// How many packets there are.
    package var count: Int { bounds.count }

    /// Whether there are no packets.
    package var isEmpty: Bool { bounds.isEmpty }

    /// The bytes of all frames together.
    package var byteCount: Int { frames.readableBytes }

    /// Appends the event `["name",argument]` of the default namespace (`42…`).
    ///
    /// - Parameters:
    ///   - name: plain characters, none of which JSON escapes.
    ///   - json: one JSON text, taken over as it is.
    package mutating func append(event name: StaticString, argument json: ByteBuffer) {
        append(textLength: 4 + name.utf8CodeUnitCount + 2 + json.readableBytes + 1) { frames in
            frames.writeStaticString("42[\"")
            frames.writeStaticString(name)
            frames.writeStaticString("\",")
            frames.writeImmutableBuffer(json)
            frames.writeInteger(UInt8(ascii: "]"))
        }
    }

    /// Appends any Engine.IO packet.
    package mutating func append(packet text: ByteBuffer) {
        append(textLength: text.readableBytes) { $0.writeImmutableBuffer(text) }
    }

    /// Appends a short Engine.IO packet.
    package mutating func append(packet text: String) {
        append(textLength: text.utf8.count) { $0.writeString(text) }
    }

    /// Appends packets of another batch as they are framed there. A range that reaches too far is cut.
    package mutating func append(_ packets: Range<Int>, of batch: PacketBatch) {
        let added = batch.slice(packets)
        guard !added.isEmpty else { return }
        let shift = (bounds.last?.end ?? 0) - added.start(of: 0)
        frames.writeImmutableBuffer(added.frames)
        for bound in added.bounds {
            bounds.append(Bounds(start: bound.start + shift, text: bound.text + shift, end: bound.end + shift))
        }
    }

    /// Makes room for packets to come.
    package mutating func reserve(packets: Int, bytes: Int) {
        bounds.reserveCapacity(bounds.count + packets)
        frames.reserveCapacity(minimumWritableBytes: bytes)
    }

    /// Some of the packets, counted from the first. The bytes are shared. A range that reaches too far is cut.
    package func slice(_ packets: Range<Int>) -> PacketBatch {
        let packets = packets.clamped(to: 0..<count)
        guard !packets.isEmpty else { return PacketBatch() }
        var batch = PacketBatch()
        batch.bounds = bounds[bounds.startIndex + packets.lowerBound..<bounds.startIndex + packets.upperBound]
        let base = start(of: 0)
        let end = bounds[bounds.startIndex + packets.upperBound - 1].end
        let start = start(of: packets.lowerBound)
        batch.frames = frames.getSlice(at: frames.readerIndex + start - base, length: end - start) ?? ByteBuffer()
        return batch
    }

    /// The text of a packet, without its frame's header: nil beyond the last.
    package func text(_ packet: Int) -> ByteBuffer? {
        guard packet >= 0, packet < count else { return nil }
        let bound = bounds[bounds.startIndex + packet]
        let offset = bound.text - start(of: 0)
        return frames.getSlice(at: frames.readerIndex + offset, length: bound.end - bound.text)
    }

    private func start(of packet: Int) -> Int { bounds[bounds.startIndex + packet].start }

    private mutating func append(textLength length: Int, _ write: (inout ByteBuffer) -> Void) {
        // The frames of a slice end where the slice does, so that what is appended stands where its bounds say.
        let start = bounds.last?.end ?? 0
        let headerLength = WebSocketTextFrame.writeHeader(payload: length, to: &frames)
        write(&frames)
        bounds.append(Bounds(start: start, text: start + headerLength, end: start + headerLength + length))
    }
}
