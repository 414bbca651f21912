/// Just enough of DNS to play a server: reads one question, writes answers.
struct DNSMessage {
    enum Kind: UInt16 {
        case ip4 = 1
        case cname = 5
        case text = 16
        case ip6 = 28
    }

    let name: String
    let kind: UInt16
    private let identifier: [UInt8]
    private let question: [UInt8]

    /// Reads a query.
    init?(query: [UInt8]) {
        guard query.count > 16 else { return nil }
        var labels: [String] = []
        var position = 12
        while position < query.count, query[position] > 0 {
            let end = position + 1 + Int(query[position])
            guard end < query.count else { return nil }
            labels.append(String(decoding: query[(position + 1)..<end], as: UTF8.self))
            position = end
        }
        guard position + 5 <= query.count else { return nil }
        name = labels.joined(separator: ".")
        kind = UInt16(query[position + 1]) << 8 | UInt16(query[position + 2])
        identifier = Array(query[..<2])
        question = Array(query[12..<(position + 5)])
    }

    /// A response; `code` 3 says that there is no such name.
    func response(_ records: [[UInt8]] = [], code: UInt8 = 0, isTruncated: Bool = false) -> [UInt8] {
        identifier + [0x81 | (isTruncated ? 2 : 0), 0x80 | code, 0, 1] + Self.bigEndian(UInt16(records.count))
            + [0, 0, 0, 0] + question + records.joined()
    }

    /// A record about the name in the question.
    static func record(_ kind: Kind, lifetime: UInt32 = 60, _ data: [UInt8]) -> [UInt8] {
        [0xc0, 12] + bigEndian(kind.rawValue) + [0, 1] + bigEndian(lifetime) + bigEndian(UInt16(data.count)) + data
    }

    /// A TXT record, in parts of at most 255 bytes.
    static func text(_ text: String, lifetime: UInt32 = 60) -> [UInt8] {
        let bytes = Array(text.utf8)
        var data: [UInt8] = []
        for start in stride(from: 0, to: max(1, bytes.count), by: 255) {
            let part = bytes[start..<min(start + 255, bytes.count)]
            data += [UInt8(part.count)] + part
        }
        return record(.text, lifetime: lifetime, data)
    }

    private static func bigEndian(_ number: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: number.bigEndian) { Array($0) }
    }
}
