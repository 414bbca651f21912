package import NIOCore

/// What a ``YamuxFrameParser`` finds.
package enum YamuxPart: Sendable, Equatable {
    /// A frame begins. A data frame's payload follows in parts, unless its length is 0.
    case header(YamuxHeader)
    /// A part of the payload of the frame begun last; `isLast` with its last byte.
    case payload(ByteBuffer, isLast: Bool)
}

/// Cuts the inbound bytes into headers and payload.
///
/// Payload is handed on as slices of the buffers it arrived in, as it arrives: a frame is never put together, so a frame
/// of any length costs no memory here. Only a header that is split between two buffers is copied.
package struct YamuxFrameParser: Sendable {
    private var input = ByteBuffer()
    private var splitHeader = ByteBuffer()
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
    package mutating func next() throws(MuxerError) -> YamuxPart? {
        if payloadLeft > 0 {
            guard let payload = input.readSlice(length: min(payloadLeft, input.readableBytes)),
                payload.readableBytes > 0
            else { return releaseInput() }
            payloadLeft -= payload.readableBytes
            return .payload(payload, isLast: payloadLeft == 0)
        }
        guard let header = try nextHeader() else { return releaseInput() }
        if header.kind == .data { payloadLeft = Int(header.length) }
        return .header(header)
    }

    private mutating func nextHeader() throws(MuxerError) -> YamuxHeader? {
        if splitHeader.readableBytes == 0, input.readableBytes >= YamuxHeader.size {
            return try YamuxHeader(from: &input)
        }
        let missing = YamuxHeader.size - splitHeader.readableBytes
        guard var part = input.readSlice(length: min(missing, input.readableBytes)) else { return nil }
        splitHeader.writeBuffer(&part)
        guard let header = try YamuxHeader(from: &splitHeader) else { return nil }
        splitHeader.clear()
        return header
    }

    /// Everything has been taken: lets go of the last buffer, whose storage a reader may wish to write into.
    private mutating func releaseInput() -> YamuxPart? {
        input = ByteBuffer()
        return nil
    }
}
