import Foundation

/// A record of an IPNS name, as a client puts it.
struct NameRecord {
    let name: String
    let bytes: [UInt8]
    let isValid: Bool

    /// The official ones of `Tests/Vectors/ipns-records.json`.
    static func vectors() throws -> [NameRecord] {
        let file = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../../Tests/Vectors/ipns-records.json").standardized
        let vectors = try JSONValue(parsing: String(contentsOf: file, encoding: .utf8))
        return try (vectors["official"]?.array ?? []).map { vector in
            guard let name = vector["name"]?.string, let hex = vector["record_hex"]?.string else {
                throw InteropError("\(vector) is no record")
            }
            let digits = Array(hex.utf8)
            let bytes = stride(from: 0, to: digits.count - 1, by: 2).compactMap { index in
                UInt8(String(decoding: digits[index...index + 1], as: UTF8.self), radix: 16)
            }
            return NameRecord(name: name, bytes: bytes, isValid: vector["expect"]?.string == "valid")
        }
    }

    var base64: String { Data(bytes).base64EncodedString() }
}
