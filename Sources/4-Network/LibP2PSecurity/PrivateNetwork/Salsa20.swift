/// The core of the Salsa20 cipher: twenty rounds over sixteen words (D. J. Bernstein, "The Salsa20 family of stream
/// ciphers").
///
/// It is written here because no library of ours has it: OpenSSL and BoringSSL offer its successor ChaCha20 only. It has
/// no tables and no branches, so the time it takes tells nothing about the key.
enum Salsa20 {
    /// A vector is only the container for the sixteen words of the matrix, row by row.
    typealias Words = SIMD16<UInt32>

    /// The matrix for a key of eight words and an input (nonce, or nonce and counter) of four, with the constant
    /// `expand 32-byte k` on its diagonal.
    static func matrix(key: SIMD8<UInt32>, input: SIMD4<UInt32>) -> Words {
        Words(
            0x6170_7865, key[0], key[1], key[2],
            key[3], 0x3320_646e, input[0], input[1],
            input[2], input[3], 0x7962_2d32, key[4],
            key[5], key[6], key[7], 0x6b20_6574)
    }

    /// The twenty rounds, without the addition of the input that ends a block.
    static func rounds(_ words: Words) -> Words {
        var (x0, x1, x2, x3) = (words[0], words[1], words[2], words[3])
        var (x4, x5, x6, x7) = (words[4], words[5], words[6], words[7])
        var (x8, x9, x10, x11) = (words[8], words[9], words[10], words[11])
        var (x12, x13, x14, x15) = (words[12], words[13], words[14], words[15])
        for _ in 0..<10 {
            quarterRound(&x0, &x4, &x8, &x12)
            quarterRound(&x5, &x9, &x13, &x1)
            quarterRound(&x10, &x14, &x2, &x6)
            quarterRound(&x15, &x3, &x7, &x11)

            quarterRound(&x0, &x1, &x2, &x3)
            quarterRound(&x5, &x6, &x7, &x4)
            quarterRound(&x10, &x11, &x8, &x9)
            quarterRound(&x15, &x12, &x13, &x14)
        }
        return Words(x0, x1, x2, x3, x4, x5, x6, x7, x8, x9, x10, x11, x12, x13, x14, x15)
    }

    @inline(__always)
    private static func quarterRound(_ a: inout UInt32, _ b: inout UInt32, _ c: inout UInt32, _ d: inout UInt32) {
        b ^= rotated(a &+ d, by: 7)
        c ^= rotated(b &+ a, by: 9)
        d ^= rotated(c &+ b, by: 13)
        a ^= rotated(d &+ c, by: 18)
    }

    @inline(__always)
    private static func rotated(_ word: UInt32, by bits: UInt32) -> UInt32 {
        word &<< bits | word &>> (32 &- bits)
    }
}
