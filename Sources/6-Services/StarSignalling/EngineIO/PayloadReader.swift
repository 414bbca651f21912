import NIOCore

/// Reads the packets of a POST's body, one after another.
struct PayloadReader {
    /// How a body is laid out.
    enum Form {
        /// Revision 3, text: `<length in UTF-16 units>:<packet>` again and again.
        case counted
        /// Revision 3, bytes: 0 for text or 1 for binary, the length's digits as numbers, 255, the packet.
        case binary
        /// Revision 4: packets with a separator between them.
        case separated
    }

    private let form: Form
    private var body: ByteBuffer
    private var isFirst = true

    init(_ body: ByteBuffer, _ form: Form) {
        self.body = body
        self.form = form
    }

    /// The next packet; nil after the last.
    ///
    /// - Throws: `StarSignallingError` with `.malformed`, after which there is no more to read.
    mutating func next() throws(StarSignallingError) -> EnginePacket? {
        switch form {
        case .separated: try nextSeparated()
        case .counted: try nextCounted()
        case .binary: try nextBinary()
        }
    }

    private mutating func nextSeparated() throws(StarSignallingError) -> EnginePacket? {
        if !isFirst {
            // What follows a packet is the end, or a separator and another packet.
            guard body.readInteger(as: UInt8.self) != nil else { return nil }
        }
        isFirst = false
        let view = body.readableBytesView
        let end = view.firstIndex(of: PollingPayload.separator) ?? view.endIndex
        return try EnginePacket(text: take(end - view.startIndex), revision: .four)
    }

    private mutating func nextCounted() throws(StarSignallingError) -> EnginePacket? {
        guard try !isAtEnd() else { return nil }
        let units = try readLength(base: UInt8(ascii: "0"), end: UInt8(ascii: ":"))
        let length = try byteCount(units: units)
        return try EnginePacket(text: take(length), revision: .three)
    }

    /// How many of the next bytes make so many UTF-16 units.
    private func byteCount(units: Int) throws(StarSignallingError) -> Int {
        let bytes = body.readableBytesUInt8Span
        var index = 0
        var counted = 0
        while counted < units {
            let length = UTF8Sequence.length(in: bytes, at: index)
            guard length > 0 else { throw fault("a packet ends before its length, or is not UTF-8") }
            index += length
            counted += length == 4 ? 2 : 1
        }
        guard counted == units else { throw fault("a packet ends within a character") }
        return index
    }

    private mutating func nextBinary() throws(StarSignallingError) -> EnginePacket? {
        guard try !isAtEnd() else { return nil }
        let isBinary = body.readInteger(as: UInt8.self) ?? 0
        guard isBinary <= 1 else { throw fault("a packet is neither text nor binary") }
        let length = try readLength(base: 0, end: 0xff)
        guard length <= body.readableBytes else { throw fault("a packet ends before its length") }
        let packet = take(length)
        return isBinary == 1
            ? try EnginePacket(binary: packet, revision: .three) : try EnginePacket(text: packet, revision: .three)
    }

    /// Whether nothing follows. A body without any packet is none.
    private mutating func isAtEnd() throws(StarSignallingError) -> Bool {
        defer { isFirst = false }
        guard body.readableBytes == 0 else { return false }
        if isFirst { throw fault("it is empty") }
        return true
    }

    /// Reads decimal digits, counted from `base`, up to `end`.
    private mutating func readLength(base: UInt8, end: UInt8) throws(StarSignallingError) -> Int {
        var length = 0
        // Nine digits are more than any body has, and less than any overflow.
        for count in 0..<10 {
            guard let byte = body.readInteger(as: UInt8.self) else { break }
            if byte == end, count > 0 { return length }
            guard byte >= base, byte - base <= 9 else { break }
            length = length * 10 + Int(byte - base)
        }
        throw fault("a packet's length is no number")
    }

    private mutating func take(_ length: Int) -> ByteBuffer { body.readSlice(length: length) ?? ByteBuffer() }

    private func fault(_ what: String) -> StarSignallingError {
        StarSignallingError(.malformed, "This is no Engine.IO payload: \(what).")
    }
}
