/// A random sequence (SplitMix64) that is the same for the same seed, so that a failing input can be made again.
package struct SeededGenerator: RandomNumberGenerator, Sendable {
    private var state: UInt64

    package init(seed: UInt64) { state = seed }

    package mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }

    /// As many random bytes.
    package mutating func bytes(_ count: Int) -> [UInt8] {
        (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &self) }
    }

    /// `bytes` with a few of them changed, removed, added or cut off.
    package mutating func mutated(_ bytes: [UInt8]) -> [UInt8] {
        var result = bytes
        for _ in 0..<Int.random(in: 1...4, using: &self) {
            guard let index = result.indices.randomElement(using: &self) else { return self.bytes(3) }
            switch Int.random(in: 0..<5, using: &self) {
            case 0, 1: result[index] = UInt8.random(in: .min ... .max, using: &self)
            case 2: result.remove(at: index)
            case 3: result.insert(UInt8.random(in: .min ... .max, using: &self), at: index)
            default: result = Array(result.prefix(index))
            }
        }
        return result
    }

    /// Every beginning of `bytes`, and `count` copies with a few bytes changed.
    package mutating func mutations(of bytes: [UInt8], count: Int) -> [[UInt8]] {
        var mutations = bytes.indices.map { Array(bytes[..<$0]) }
        for _ in 0..<count { mutations.append(mutated(bytes)) }
        return mutations
    }
}

/// Changed and cut copies of valid bytes, the same for the same seed.
package func mutants(of valid: [UInt8], seed: UInt64, count: Int = 50) -> [[UInt8]] {
    var random = SeededGenerator(seed: seed)
    return (0..<count).map { _ in random.mutated(valid) }
}
