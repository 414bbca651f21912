import NIOCore

/// What a poll is answered with: several packets in one text.
enum PollingPayload {
    /// Stands between the packets of revision 4.
    static let separator: UInt8 = 0x1e

    /// Packets that one poll is answered with: python-engineio ends the session when there are more.
    static let mostPackets = 16

    /// Appends a packet's text.
    static func append(_ text: ByteBuffer, to payload: inout ByteBuffer, revision: EngineRevision) {
        switch revision {
        case .three:
            payload.writeString("\(utf16Length(text)):")
        case .four:
            if payload.writerIndex > 0 { payload.writeInteger(separator) }
        }
        payload.writeImmutableBuffer(text)
    }

    /// How many UTF-16 units valid UTF-8 makes: JavaScript measures strings so.
    static func utf16Length(_ text: ByteBuffer) -> Int {
        text.readableBytesView.reduce(0) { length, byte in
            // Each character counts at its first byte; four bytes make a pair.
            length + (byte & 0xc0 == 0x80 ? 0 : byte >= 0xf0 ? 2 : 1)
        }
    }
}
