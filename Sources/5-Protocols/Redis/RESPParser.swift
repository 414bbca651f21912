package import NIOCore

/// Reads what Redis answers from bytes that come in pieces. Nothing is believed: all lengths are bounded.
package struct RESPParser {
    /// The most bytes of one reply, with its headers.
    static let replyLimit = 16 << 20
    /// The most bytes of one line: words, numbers and errors are short.
    static let lineLimit = 4096
    /// The most values of one reply.
    static let elementLimit = 65_536
    /// How deep arrays may stand in one another.
    static let depthLimit = 8

    /// An array whose values are being read.
    private struct OpenArray {
        var missing: Int
        var values: [RESPValue] = []
    }

    private var buffer = ByteBuffer()
    private var open: [OpenArray] = []
    private var elements = 0
    private var bytes = 0
    /// How many bytes of the buffer hold no line's end: they are not looked through again for each piece that comes.
    private var endless = 0

    package init() {}

    /// Takes bytes in.
    package mutating func feed(_ more: ByteBuffer) {
        var more = more
        if buffer.readableBytes == 0 { buffer = more } else { buffer.writeBuffer(&more) }
    }

    /// The next reply; nil when more bytes are needed.
    ///
    /// - Throws: `RedisError` with `.malformed`. Nothing can be read after that.
    package mutating func next() throws(RedisError) -> RESPValue? {
        while true {
            let before = buffer.readableBytes
            guard let value = try step() else {
                guard bytes + buffer.readableBytes <= Self.replyLimit else {
                    throw RedisError(.malformed, "A reply of Redis has more than \(Self.replyLimit) bytes.")
                }
                return nil
            }
            bytes += before - buffer.readableBytes
            if let reply = close(value) {
                (elements, bytes) = (0, 0)
                return reply
            }
        }
    }

    /// What one piece of a reply leads to.
    private enum Piece {
        case value(RESPValue)
        case opened
    }

    /// Puts a value where it belongs.
    ///
    /// - Returns: the whole reply, if that ends it.
    private mutating func close(_ piece: Piece) -> RESPValue? {
        guard case .value(var value) = piece else { return nil }
        while var innermost = open.popLast() {
            innermost.values.append(value)
            innermost.missing -= 1
            guard innermost.missing == 0 else {
                open.append(innermost)
                return nil
            }
            value = .array(innermost.values)
        }
        return value
    }

    /// Reads one value, or the beginning of an array. Leaves the buffer as it is when there is too little.
    private mutating func step() throws(RedisError) -> Piece? {
        let start = buffer
        guard let line = try line() else {
            buffer = start
            return nil
        }
        elements += 1
        guard elements <= Self.elementLimit else {
            throw RedisError(.malformed, "A reply of Redis has more than \(Self.elementLimit) values.")
        }
        let rest = line.dropFirst()
        switch line.utf8.first {
        case UInt8(ascii: "+"): return .value(.simple(String(rest)))
        case UInt8(ascii: "-"): return .value(.error(String(rest)))
        case UInt8(ascii: ":"): return .value(.integer(try number(rest)))
        case UInt8(ascii: "*"): return try array(try number(rest))
        case UInt8(ascii: "$"):
            let length = try number(rest)
            guard length >= 0 else { return .value(.null) }
            guard let bytes = try bulk(length) else {
                buffer = start
                elements -= 1
                return nil
            }
            return .value(.bulk(bytes))
        default: throw RedisError(.malformed, "A reply of Redis begins with \"\(line.prefix(32))\".")
        }
    }

    private mutating func array(_ count: Int64) throws(RedisError) -> Piece {
        guard count > 0 else { return .value(count == 0 ? .array([]) : .null) }
        guard count <= Self.elementLimit, open.count < Self.depthLimit else {
            throw RedisError(.malformed, "A reply of Redis has \(count) values at depth \(open.count).")
        }
        open.append(OpenArray(missing: Int(count)))
        return .opened
    }

    private mutating func bulk(_ length: Int64) throws(RedisError) -> ByteBuffer? {
        guard length <= Self.replyLimit else {
            throw RedisError(.malformed, "A value of Redis has \(length) bytes.")
        }
        guard buffer.readableBytes >= Int(length) + 2 else { return nil }
        let bytes = buffer.readSlice(length: Int(length))
        guard let bytes, buffer.readInteger(as: UInt16.self) == Self.lineEnd else {
            throw RedisError(.malformed, "A value of Redis does not end where it should.")
        }
        return bytes
    }

    /// A line without its end.
    private mutating func line() throws(RedisError) -> String? {
        let view = buffer.readableBytesView
        guard let end = view.prefix(Self.lineLimit).dropFirst(endless).firstIndex(of: UInt8(ascii: "\r")) else {
            guard view.count < Self.lineLimit else {
                throw RedisError(.malformed, "A line of Redis has more than \(Self.lineLimit) bytes.")
            }
            endless = view.count
            return nil
        }
        endless = 0
        let length = end - view.startIndex
        guard view.count >= length + 2 else { return nil }
        let line = buffer.readString(length: length)
        guard let line, buffer.readInteger(as: UInt16.self) == Self.lineEnd else {
            throw RedisError(.malformed, "A line of Redis does not end where it should.")
        }
        return line
    }

    private static let lineEnd: UInt16 = 0x0d0a

    private func number(_ digits: Substring) throws(RedisError) -> Int64 {
        guard let number = Int64(digits) else {
            throw RedisError(.malformed, "Redis says \"\(digits.prefix(32))\" where a number belongs.")
        }
        return number
    }
}
