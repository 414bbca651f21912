/// XSalsa20 as one endless keystream: Salsa20 under a key that HSalsa20 derives from the long nonce (D. J. Bernstein,
/// "Extending the Salsa20 nonce").
///
/// It only hides; it does not authenticate. A private network relies on the handshake inside it for that.
struct XSalsa20: Sendable {
    static let nonceLength = 24
    private static let blockLength = 64

    private let key: SIMD8<UInt32>
    private let nonce: (UInt32, UInt32)
    private var counter: UInt64 = 0
    /// The keystream's current block, of which the last `unused` bytes are still to be used.
    private var block = Salsa20.Words()
    private var unused = 0

    /// - Parameters:
    ///   - key: the network's key.
    ///   - nonce: `nonceLength` bytes, never used twice with the same key.
    init(key: PreSharedKey, nonce: [UInt8]) {
        precondition(nonce.count == Self.nonceLength, "XSalsa20 takes a nonce of 24 bytes")
        let keyWords = Self.words(key.bytes)
        let nonceWords = Self.words(nonce)
        let derived = Salsa20.rounds(
            Salsa20.matrix(
                key: SIMD8(keyWords), input: SIMD4(nonceWords[0], nonceWords[1], nonceWords[2], nonceWords[3])))
        self.key = SIMD8(
            derived[0], derived[5], derived[10], derived[15], derived[6], derived[7], derived[8], derived[9])
        self.nonce = (nonceWords[4], nonceWords[5])
    }

    /// Combines the keystream's next bytes with `input` into `output`, which has the same length and may be the same
    /// memory. The same operation encrypts and decrypts.
    mutating func apply(_ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer) {
        precondition(input.count == output.count)
        var index = 0
        while index < input.count {
            if unused == 0 { nextBlock() }
            if unused == Self.blockLength, input.count - index >= Self.blockLength {
                let words = input.loadUnaligned(fromByteOffset: index, as: Salsa20.Words.self)
                output.storeBytes(of: words ^ block, toByteOffset: index, as: Salsa20.Words.self)
                index += Self.blockLength
                unused = 0
            } else {
                let count = min(unused, input.count - index)
                let start = Self.blockLength - unused
                withUnsafeBytes(of: block) { keystream in
                    for offset in 0..<count {
                        output[index + offset] = input[index + offset] ^ keystream[start + offset]
                    }
                }
                index += count
                unused -= count
            }
        }
    }

    private mutating func nextBlock() {
        let input = Salsa20.matrix(
            key: key,
            input: SIMD4(
                nonce.0, nonce.1, UInt32(truncatingIfNeeded: counter), UInt32(truncatingIfNeeded: counter >> 32)))
        let words = Salsa20.rounds(input) &+ input
        // The stream is little-endian bytes; on the machines we build for this changes nothing.
        for index in 0..<16 { block[index] = words[index].littleEndian }
        // 2^64 blocks are more than any connection carries.
        counter &+= 1
        unused = Self.blockLength
    }

    private static func words(_ bytes: [UInt8]) -> [UInt32] {
        stride(from: 0, to: bytes.count, by: 4).map { start in
            bytes[start..<start + 4].reversed().reduce(0) { $0 << 8 | UInt32($1) }
        }
    }
}
