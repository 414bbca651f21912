import Foundation
import NIOCore

/// The muxer sections of `Tests/Vectors/wire-basics.json`: names to bytes.
enum MuxerVectors {
    static let yamux = load("yamux")
    static let mplex = load("mplex")

    private static func load(_ section: String) -> [String: [UInt8]] {
        let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Vectors/wire-basics.json")
        guard let data = try? Data(contentsOf: file),
            let root = try? JSONSerialization.jsonObject(with: data) as? [String: Any],
            let entries = root[section] as? [String: Any]
        else { return [:] }
        return entries.compactMapValues { value in
            guard let text = value as? String, text.allSatisfy(\.isHexDigit) else { return nil }
            return bytes(hex: text)
        }
    }

    static func bytes(hex text: String) -> [UInt8] {
        let digits = text.compactMap(\.hexDigitValue)
        return stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
    }
}

/// A small generator whose sequence a seed decides (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
