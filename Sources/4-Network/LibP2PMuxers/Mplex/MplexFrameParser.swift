package import NIOCore

/// What a ``MplexFrameParser`` finds.
package enum MplexPart: Sendable, Equatable {
    /// A frame begins. Its payload follows in parts, unless its length is 0.
    case header(MplexHeader)
    /// A part of the payload of the frame begun last.
    case payload(ByteBuffer)
}

/// Cuts the inbound bytes into headers and payload, handing payload on in slices as it arrives.
package struct MplexFrameParser: Sendable {
    /// One varint, perhaps split between buffers.
    private struct PartialVarint: Sendable {
        var value: UInt64 = 0
        var shift: UInt64 = 0
    }

    private var input = ByteBuffer()
    private var varint = PartialVarint()
    /// The first varint of a header of which the second is still to come.
    private var prefix: UInt64?
    private var payloadLeft = 0

    package init() {}

    /// Takes the next bytes. Parts that have not been taken out yet come first.
    package mutating func append(_ bytes: ByteBuffer) {
        if input.readableBytes == 0 {
            input = bytes
        } else {
            input.writeImmutableBuffer(bytes)
        }
    }

    /// The next part; nil when more bytes are needed.
    package mutating func next() throws(MuxerError) -> MplexPart? {
        if payloadLeft > 0 {
            guard let payload = input.readSlice(length: min(payloadLeft, input.readableBytes)),
                payload.readableBytes > 0
            else { return releaseInput() }
            payloadLeft -= payload.readableBytes
            return .payload(payload)
        }
        if prefix == nil { prefix = try nextVarint() }
        guard let prefix, let length = try nextVarint() else { return releaseInput() }
        self.prefix = nil
        let header = try MplexHeader(prefix: prefix, length: length)
        payloadLeft = header.length
        return .header(header)
    }

    /// Reads byte by byte, so that a varint may be split anywhere; at most nine bytes, and minimal.
    private mutating func nextVarint() throws(MuxerError) -> UInt64? {
        while let byte = input.readInteger(as: UInt8.self) {
            varint.value |= UInt64(byte & 0x7f) << varint.shift
            guard byte & 0x80 != 0 else {
                guard byte != 0 || varint.shift == 0 else {
                    throw MuxerError(.protocolViolation, "mplex varint is not minimal")
                }
                defer { varint = PartialVarint() }
                return varint.value
            }
            varint.shift += 7
            guard varint.shift < 63 else {
                throw MuxerError(.protocolViolation, "mplex varint is longer than nine bytes")
            }
        }
        return nil
    }

    /// Everything has been taken: lets go of the last buffer.
    private mutating func releaseInput() -> MplexPart? {
        input = ByteBuffer()
        return nil
    }
}
