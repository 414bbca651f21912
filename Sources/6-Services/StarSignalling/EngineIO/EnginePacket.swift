import Multiformats
import NIOCore

/// One packet of Engine.IO: a digit that says what it is, and a payload.
struct EnginePacket: Equatable {
    /// What a packet is for. The raw value is its digit.
    enum Kind: UInt8 {
        case open = 0x30, close, ping, pong, message, upgrade, noop
    }

    let kind: Kind
    let payload: ByteBuffer
    /// Whether the payload is bytes and not text.
    let isBinary: Bool

    init(_ kind: Kind, _ payload: ByteBuffer = ByteBuffer(), isBinary: Bool = false) {
        self.kind = kind
        self.payload = payload
        self.isBinary = isBinary
    }

    /// Reads a packet's text form. Whether the payload is UTF-8 is not checked here, but by who reads it.
    ///
    /// - Throws: `StarSignallingError` with `.malformed`.
    init(text: ByteBuffer, revision: EngineRevision) throws(StarSignallingError) {
        var text = text
        guard let first = text.readInteger(as: UInt8.self) else {
            throw StarSignallingError(.malformed, "An Engine.IO packet is empty.")
        }
        if first == UInt8(ascii: "b") {
            try self.init(base64: text, revision: revision)
        } else {
            self.init(try Self.kind(digit: first), text)
        }
    }

    /// Reads a packet's binary form: in revision 3 a number and the payload, in revision 4 the payload of a message.
    ///
    /// - Throws: `StarSignallingError` with `.malformed`.
    init(binary: ByteBuffer, revision: EngineRevision) throws(StarSignallingError) {
        switch revision {
        case .four:
            self.init(.message, binary, isBinary: true)
        case .three:
            var binary = binary
            guard let number = binary.readInteger(as: UInt8.self) else {
                throw StarSignallingError(.malformed, "A binary Engine.IO packet is empty.")
            }
            let digit = number <= 6 ? number + Kind.open.rawValue : number
            self.init(try Self.kind(digit: digit), binary, isBinary: true)
        }
    }

    private init(base64 text: ByteBuffer, revision: EngineRevision) throws(StarSignallingError) {
        var text = text
        var kind = Kind.message
        if revision == .three {
            guard let digit = text.readInteger(as: UInt8.self) else {
                throw StarSignallingError(.malformed, "A base64 packet has no kind.")
            }
            kind = try Self.kind(digit: digit)
        }
        do {
            let bytes = try Multibase.base64pad.decodeBody(String(buffer: text))
            self.init(kind, ByteBuffer(bytes: bytes), isBinary: true)
        } catch {
            throw StarSignallingError(.malformed, "A packet that says so is not base64.", cause: error)
        }
    }

    private static func kind(digit: UInt8) throws(StarSignallingError) -> Kind {
        guard let kind = Kind(rawValue: digit) else {
            throw StarSignallingError(.malformed, "An Engine.IO packet is of the unknown kind \(digit).")
        }
        return kind
    }
}
