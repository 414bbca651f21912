package import NIOCore

/// The kinds of yamux frame.
package enum YamuxKind: UInt8, Sendable {
    case data = 0
    case windowUpdate = 1
    case ping = 2
    case goAway = 3
}

/// The flags of a yamux frame; unknown bits are kept and mean nothing.
package struct YamuxFlags: OptionSet, Sendable, Hashable {
    package let rawValue: UInt16

    package init(rawValue: UInt16) { self.rawValue = rawValue }

    /// Opens a stream, or asks with a ping.
    package static let syn = YamuxFlags(rawValue: 1)
    /// Accepts a stream, or answers a ping.
    package static let ack = YamuxFlags(rawValue: 2)
    /// The sender will send nothing more on the stream.
    package static let fin = YamuxFlags(rawValue: 4)
    /// The stream is gone.
    package static let rst = YamuxFlags(rawValue: 8)
}

/// Why a yamux session ends.
package enum YamuxGoAway: UInt32, Sendable {
    case normal = 0
    case protocolError = 1
    case internalError = 2
}

/// The twelve bytes before each yamux frame: version 0, kind, flags, stream id and length, big endian
/// (libp2p/specs, yamux/README.md).
package struct YamuxHeader: Sendable, Hashable {
    /// Bytes on the wire.
    package static let size = 12
    private static let version: UInt8 = 0

    package var kind: YamuxKind
    package var flags: YamuxFlags
    /// The stream, or 0 for the session.
    package var streamID: UInt32
    /// Bytes of payload, window delta, ping value or go-away code.
    package var length: UInt32

    package init(_ kind: YamuxKind, _ flags: YamuxFlags = [], stream: UInt32, length: UInt32 = 0) {
        self.kind = kind
        self.flags = flags
        self.streamID = stream
        self.length = length
    }

    /// Reads a header; nil, and nothing read, when fewer than twelve bytes are there.
    package init?(from buffer: inout ByteBuffer) throws(MuxerError) {
        typealias Fields = (UInt8, UInt8, UInt16, UInt32, UInt32)
        guard let fields = buffer.readMultipleIntegers(as: Fields.self) else { return nil }
        guard fields.0 == Self.version else {
            throw MuxerError(.protocolViolation, "yamux version is \(fields.0), not 0")
        }
        guard let kind = YamuxKind(rawValue: fields.1) else {
            throw MuxerError(.protocolViolation, "yamux frame type \(fields.1) is unknown")
        }
        self.init(kind, YamuxFlags(rawValue: fields.2), stream: fields.3, length: fields.4)
    }

    /// Appends the header to a buffer.
    package func write(to buffer: inout ByteBuffer) {
        buffer.writeMultipleIntegers(Self.version, kind.rawValue, flags.rawValue, streamID, length)
    }
}
