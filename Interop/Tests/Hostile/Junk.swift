/// Bytes that look like nothing, the same for the same seed.
struct Junk {
    private var state: UInt64

    init(seed: Int) {
        state = UInt64(seed) &* 0x9e37_79b9_7f4a_7c15 &+ 1
    }

    func bytes(_ count: Int) -> [UInt8] {
        var state = state
        return (0..<count).map { _ in
            // SplitMix64.
            state &+= 0x9e37_79b9_7f4a_7c15
            var value = state
            value = (value ^ value >> 30) &* 0xbf58_476d_1ce4_e5b9
            value = (value ^ value >> 27) &* 0x94d0_49bb_1331_11eb
            return UInt8(truncatingIfNeeded: value ^ value >> 31)
        }
    }
}
