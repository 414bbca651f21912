import LibP2PTesting

extension SeededGenerator {
    /// The sequence that belongs to an input: what a target draws lots for is decided by the input alone, so that an
    /// input from the corpus always does the same.
    init(_ input: [UInt8]) { self.init(seed: Self.hash(of: input)) }

    /// A number below `bound`, which is above 0.
    mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }

    /// FNV-1a with 64 bits.
    static func hash(of bytes: some Sequence<UInt8>) -> UInt64 {
        bytes.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    }
}
