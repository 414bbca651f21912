package import NIOCore

/// The kinds of mplex frame. Each but the first exists twice, and the odd ones are sent by the side that did not open the
/// stream.
package enum MplexFlag: UInt8, Sendable {
    case newStream = 0
    case messageReceiver = 1
    case messageInitiator = 2
    case closeReceiver = 3
    case closeInitiator = 4
    case resetReceiver = 5
    case resetInitiator = 6

    /// Whether the sender of the frame opened the stream.
    var isFromInitiator: Bool { rawValue.isMultiple(of: 2) }
}

/// Names a stream on the wire: the same number may live twice, once for each side that opened one with it.
package struct MplexStreamID: Hashable, Sendable {
    package let number: UInt64
    /// Whether the peer opened it.
    package let isInbound: Bool
}

/// The two varints before each mplex payload: `id << 3 | flag`, and the length (libp2p/specs, mplex/README.md).
package struct MplexHeader: Sendable, Hashable {
    /// The longest payload either side may send.
    package static let maxPayload = 1024 * 1024
    /// The largest id whose header still is a varint of 63 bits.
    package static let maxID: UInt64 = UInt64.max >> 4

    package let id: UInt64
    package let flag: MplexFlag
    package let length: Int

    package init(id: UInt64, flag: MplexFlag, length: Int = 0) {
        self.id = id
        self.flag = flag
        self.length = length
    }

    init(prefix: UInt64, length: UInt64) throws(MuxerError) {
        guard let flag = MplexFlag(rawValue: UInt8(truncatingIfNeeded: prefix & 7)) else {
            throw MuxerError(.protocolViolation, "mplex flag 7 is unknown")
        }
        guard length <= UInt64(Self.maxPayload) else {
            throw MuxerError(.frameTooLarge, "mplex frame of \(length) bytes; at most \(Self.maxPayload) are allowed")
        }
        self.init(id: prefix >> 3, flag: flag, length: Int(length))
    }

    /// Appends the header to a buffer.
    package func write(to buffer: inout ByteBuffer) {
        Self.write(id << 3 | UInt64(flag.rawValue), to: &buffer)
        Self.write(UInt64(length), to: &buffer)
    }

    private static func write(_ value: UInt64, to buffer: inout ByteBuffer) {
        var rest = value
        while rest >= 0x80 {
            buffer.writeInteger(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        buffer.writeInteger(UInt8(rest))
    }
}
