import NIOCore

/// Reads a client's first message as its bytes come in, each of them once: the message may be spread over records (RFC 8446,
/// section 5.1), and both over as many packets as it has bytes.
struct ClientHelloReader {
    /// The part of the message that whole records brought.
    private var message = ByteBuffer()
    /// The bytes of those records.
    private var consumed = 0

    /// Reads on.
    ///
    /// - Parameter bytes: all bytes of the connection so far.
    mutating func read(_ bytes: ByteBuffer) -> ClientHello.Reading {
        while true {
            let start = bytes.readerIndex + consumed
            guard let type = bytes.getInteger(at: start, as: UInt8.self) else { return .incomplete }
            guard type == 22 else { return consumed == 0 ? .foreign : .malformed }
            guard let major = bytes.getInteger(at: start + 1, as: UInt8.self) else { return .incomplete }
            guard major == 3 else { return consumed == 0 ? .foreign : .malformed }
            guard let length = bytes.getInteger(at: start + 3, as: UInt16.self) else { return .incomplete }
            guard length > 0, length <= 1 << 14 else { return .malformed }
            guard var record = bytes.getSlice(at: start + 5, length: Int(length)) else {
                // What the message's own header says is told as soon as it is there.
                let begun = bytes.getSlice(at: start + 5, length: max(0, bytes.writerIndex - start - 5))
                return consumed == 0 && begun.map { state(of: $0) } == .malformed ? .malformed : .incomplete
            }
            message.writeBuffer(&record)
            consumed += 5 + Int(length)
            switch state(of: message) {
            case .complete(let length):
                guard let body = message.getSlice(at: message.readerIndex + 4, length: length) else {
                    return .malformed
                }
                return ClientHello.parse(body).map { .complete($0) } ?? .malformed
            case .malformed: return .malformed
            case .incomplete: break
            }
        }
    }

    private enum State: Equatable {
        case incomplete, malformed
        case complete(length: Int)
    }

    private func state(of message: ByteBuffer) -> State {
        let start = message.readerIndex
        guard let type = message.getInteger(at: start, as: UInt8.self) else { return .incomplete }
        guard type == 1 else { return .malformed }
        guard let high = message.getInteger(at: start + 1, as: UInt8.self),
            let low = message.getInteger(at: start + 2, as: UInt16.self)
        else { return .incomplete }
        let length = Int(high) << 16 | Int(low)
        guard length <= ClientHello.maxLength else { return .malformed }
        return message.readableBytes >= 4 + length ? .complete(length: length) : .incomplete
    }
}
