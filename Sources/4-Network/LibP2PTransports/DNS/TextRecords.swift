/// The TXT records of a DNS response (RFC 1035 section 4.1). c-ares has matched the response with its query before.
///
/// c-ares' own parser tells no lifetimes; this one does, and it follows no pointers, so that no message can lead it astray.
struct TextRecords: Equatable {
    /// The largest message that is read: 100 addresses of 160 bytes.
    static let maxMessageLength = 16 * 1024

    /// Each record's text, joined from its parts.
    private(set) var texts: [String] = []
    /// How long the answer may be kept, in seconds: the least of all records'.
    private(set) var lifetime: UInt32 = .max

    private static let internet: UInt16 = 1
    private static let text: UInt16 = 16

    /// Reads a message; nil when it is malformed or too large.
    init?(message: [UInt8]) {
        guard message.count <= Self.maxMessageLength else { return nil }
        var reader = Reader(rest: message[...])
        // Identifier and flags, then the numbers of questions and answers, of authority and additional records.
        guard reader.skip(4), let questions = reader.number(), let answers = reader.number(), reader.skip(4) else {
            return nil
        }
        for _ in 0..<questions {
            guard reader.skipName(), reader.skip(4) else { return nil }
        }
        for _ in 0..<answers {
            guard reader.skipName(), let type = reader.number(), let kind = reader.number(),
                let highLifetime = reader.number(), let lowLifetime = reader.number(),
                let length = reader.number(), let data = reader.take(Int(length))
            else { return nil }
            let seconds = UInt32(highLifetime) << 16 | UInt32(lowLifetime)
            // RFC 2181 section 8: with the first bit set it is to be taken as zero.
            lifetime = min(lifetime, seconds >> 31 == 1 ? 0 : seconds)
            guard type == Self.text, kind == Self.internet else { continue }
            guard let text = Self.joined(data) else { return nil }
            texts.append(text)
        }
    }

    /// The text of a record's parts, each with its length in front.
    private static func joined(_ data: ArraySlice<UInt8>) -> String? {
        var reader = Reader(rest: data)
        var text: [UInt8] = []
        while let length = reader.rest.first {
            guard reader.skip(1), let part = reader.take(Int(length)) else { return nil }
            text += part
        }
        return String(decoding: text, as: UTF8.self)
    }

    private struct Reader {
        var rest: ArraySlice<UInt8>

        mutating func take(_ count: Int) -> ArraySlice<UInt8>? {
            guard count <= rest.count else { return nil }
            defer { rest = rest.dropFirst(count) }
            return rest.prefix(count)
        }

        mutating func skip(_ count: Int) -> Bool { take(count) != nil }

        mutating func number() -> UInt16? {
            take(2).map { $0.reduce(0) { $0 << 8 | UInt16($1) } }
        }

        /// Skips labels up to the empty one or a pointer, which is always the last part of a name.
        mutating func skipName() -> Bool {
            while let length = rest.first {
                switch length {
                case 0: return skip(1)
                case 0xc0...: return skip(2)
                case 0x40...: return false
                default: guard skip(1 + Int(length)) else { return false }
                }
            }
            return false
        }
    }
}
