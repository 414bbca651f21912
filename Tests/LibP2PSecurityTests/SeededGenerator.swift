/// A repeatable random sequence (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    mutating func bytes(_ count: Int) -> [UInt8] {
        (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &self) }
    }

    /// `bytes` with a few of them changed, removed, doubled or cut off.
    mutating func mutated(_ bytes: [UInt8]) -> [UInt8] {
        var result = bytes
        for _ in 0..<Int.random(in: 1...4, using: &self) {
            guard let index = result.indices.randomElement(using: &self) else { return self.bytes(3) }
            switch Int.random(in: 0..<4, using: &self) {
            case 0: result[index] = UInt8.random(in: .min ... .max, using: &self)
            case 1: result.remove(at: index)
            case 2: result.insert(result[index], at: index)
            default: result = Array(result.prefix(index))
            }
        }
        return result
    }
}
