/// A yamux frame as the hostile tests write and read it: whatever the numbers say, it is sent so.
struct YamuxFrame {
    static let data: UInt8 = 0
    static let windowUpdate: UInt8 = 1
    static let ping: UInt8 = 2
    static let goAway: UInt8 = 3

    static let syn: UInt16 = 1
    static let ack: UInt16 = 2
    static let fin: UInt16 = 4
    static let reset: UInt16 = 8

    /// Bytes a stream may send before the other side has granted more.
    static let initialWindow = 256 * 1024

    var version: UInt8 = 0
    var type: UInt8
    var flags: UInt16 = 0
    var stream: UInt32 = 0
    var length: UInt32 = 0
    var payload: [UInt8] = []

    static func data(_ stream: UInt32, _ payload: [UInt8], flags: UInt16 = 0) -> YamuxFrame {
        YamuxFrame(type: data, flags: flags, stream: stream, length: UInt32(payload.count), payload: payload)
    }

    static func ping(_ value: UInt32) -> YamuxFrame {
        YamuxFrame(type: ping, flags: syn, length: value)
    }

    /// Opens a stream and asks for a protocol on it.
    static func open(_ stream: UInt32, _ protocolID: String) -> YamuxFrame {
        data(stream, Multistream.header + Multistream.message(protocolID), flags: syn)
    }

    var bytes: [UInt8] {
        [
            version, type, UInt8(flags >> 8), UInt8(flags & 0xff),
            UInt8(stream >> 24), UInt8(stream >> 16 & 0xff), UInt8(stream >> 8 & 0xff), UInt8(stream & 0xff),
            UInt8(length >> 24), UInt8(length >> 16 & 0xff), UInt8(length >> 8 & 0xff), UInt8(length & 0xff),
        ] + payload
    }
}

enum Multistream {
    static let header = message("/multistream/1.0.0")

    static func message(_ text: String) -> [UInt8] {
        DaemonField.varint(UInt64(text.utf8.count + 1)) + text.utf8 + [UInt8(ascii: "\n")]
    }
}

extension Socket {
    func send(_ frames: [YamuxFrame]) async throws {
        try await write(frames.flatMap(\.bytes))
    }

    func readFrame(within limit: Duration = .seconds(30)) async throws -> YamuxFrame {
        let head = try await read(exactly: 12, within: limit)
        func number(_ range: Range<Int>) -> UInt32 { head[range].reduce(0) { $0 << 8 | UInt32($1) } }
        var frame = YamuxFrame(
            version: head[0], type: head[1], flags: UInt16(number(2..<4)), stream: number(4..<8),
            length: number(8..<12))
        if frame.type == YamuxFrame.data {
            frame.payload = try await read(exactly: Int(frame.length), within: limit)
        }
        return frame
    }

    /// Reads on until a frame is what is sought.
    func readFrame(
        within limit: Duration = .seconds(30), where isSought: (YamuxFrame) -> Bool
    ) async throws -> YamuxFrame {
        while true {
            let frame = try await readFrame(within: limit)
            if isSought(frame) { return frame }
        }
    }

    /// Whether the other side's yamux still answers a ping.
    func answersPing(_ value: UInt32 = 0x5eed, within limit: Duration = .seconds(30)) async throws -> Bool {
        try await send([.ping(value)])
        _ = try await readFrame(within: limit) {
            $0.type == YamuxFrame.ping && $0.flags == YamuxFrame.ack && $0.length == value
        }
        return true
    }
}
