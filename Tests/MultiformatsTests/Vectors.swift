import Foundation
import Testing

/// Reads a file of test vectors that stands in `Tests/Vectors`.
func vectors<Content: Decodable>(_ name: String, as type: Content.Type) throws -> Content {
    let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try decoder.decode(type, from: Data(contentsOf: folder.appending(path: "Vectors/\(name).json")))
}

/// The bytes of a vector's hex text.
func bytes(_ hex: String) throws -> [UInt8] {
    let digits = try hex.map { try #require($0.hexDigitValue) }
    try #require(digits.count.isMultiple(of: 2))
    return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
}

/// A random source that gives the same numbers for the same seed (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var value = state
        value = (value ^ value >> 30) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ value >> 27) &* 0x94d0_49bb_1331_11eb
        return value ^ value >> 31
    }

    /// Every truncation of `bytes`, and `count` copies with up to four bytes changed, removed or added.
    mutating func mutations(of bytes: [UInt8], count: Int) -> [[UInt8]] {
        var mutations = bytes.indices.map { Array(bytes[..<$0]) }
        for _ in 0..<count {
            var copy = bytes
            for _ in 0..<Int.random(in: 1...4, using: &self) {
                let byte = UInt8.random(in: .min ... .max, using: &self)
                switch Int.random(in: 0..<4, using: &self) {
                case 0:
                    copy.insert(byte, at: Int.random(in: 0...copy.count, using: &self))
                case 1 where !copy.isEmpty:
                    copy.remove(at: Int.random(in: 0..<copy.count, using: &self))
                case _ where !copy.isEmpty:
                    copy[Int.random(in: 0..<copy.count, using: &self)] = byte
                default:
                    continue
                }
            }
            mutations.append(copy)
        }
        return mutations
    }
}
