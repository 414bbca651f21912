import Foundation
import LibP2PIdentity
import LibP2PKademlia
import Multiformats

/// A test vector file.
func vectors(_ name: String) throws -> [String: Any] {
    let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    let data = try Data(contentsOf: folder.appending(path: "Vectors/\(name).json"))
    return try JSONSerialization.jsonObject(with: data) as? [String: Any] ?? [:]
}

/// The bytes of a hexadecimal text; nil if it is none.
func bytes(hex: String?) -> [UInt8]? {
    guard let digits = hex.map({ Array($0.utf8) }), digits.count.isMultiple(of: 2) else { return nil }
    var bytes: [UInt8] = []
    for index in stride(from: 0, to: digits.count, by: 2) {
        guard let byte = UInt8(String(decoding: digits[index...(index + 1)], as: UTF8.self), radix: 16) else {
            return nil
        }
        bytes.append(byte)
    }
    return bytes
}

/// A sequence (SplitMix64) that repeats itself from a seed.
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

    mutating func bytes(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8.random(in: 0...255, using: &self) } }

    mutating func peer() throws -> PeerID { try PeerID(bytes: [0x12, 0x20] + bytes(32)) }

    /// The bytes cut short or with a few of them changed.
    mutating func damaged(_ bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        if Bool.random(using: &self) { bytes.removeLast(Int.random(in: 0...bytes.count, using: &self)) }
        guard !bytes.isEmpty else { return bytes }
        for _ in 0..<Int.random(in: 0...4, using: &self) {
            bytes[Int.random(in: 0..<bytes.count, using: &self)] = UInt8.random(in: 0...255, using: &self)
        }
        return bytes
    }
}
