import Crypto
import LibP2PTesting
import Testing

@testable import LibP2PSecurity

@Suite struct NoiseCipherTests {
    private let key = [UInt8](0..<32)

    @Test(arguments: [0, 1, 15, 16, 17, 63, 64, 65, 1000, 65519])
    func agreesWithAnotherImplementation(length: Int) throws {
        var generator = SeededGenerator(seed: UInt64(length))
        let plaintext = generator.bytes(length)
        let cipher = try NoiseCipher(key: key, direction: .seal)
        let opener = try NoiseCipher(key: key, direction: .open)
        for counter in UInt8(0)..<3 {
            let nonce = try ChaChaPoly.Nonce(data: [0, 0, 0, 0, counter, 0, 0, 0, 0, 0, 0, 0])
            let expected = try ChaChaPoly.seal(plaintext, using: SymmetricKey(data: key), nonce: nonce)
            let sealed = try cipher.sealed(plaintext)
            #expect(sealed == Array(expected.ciphertext) + Array(expected.tag))
            #expect(try opener.opened(sealed) == plaintext)
        }
    }

    @Test func opensInPlace() throws {
        var bytes = try NoiseCipher(key: key, direction: .seal).sealed([1, 2, 3])
        let opener = try NoiseCipher(key: key, direction: .open)
        try bytes.withUnsafeMutableBytes {
            try opener.open(UnsafeRawBufferPointer($0), into: UnsafeMutableRawBufferPointer(rebasing: $0.prefix(3)))
        }
        #expect(bytes.prefix(3) == [1, 2, 3])
    }

    @Test(arguments: [0, 2, 3, 18])
    func changedBytesAreNoticed(index: Int) throws {
        var bytes = try NoiseCipher(key: key, direction: .seal).sealed([1, 2, 3])
        bytes[index] ^= 1
        let opener = try NoiseCipher(key: key, direction: .open)
        #expect(throws: SecurityError(.tampered, "")) { try opener.opened(bytes) }
    }

    @Test func repeatedAndReorderedFramesAreNoticed() throws {
        let sealer = try NoiseCipher(key: key, direction: .seal)
        let first = try sealer.sealed([1])
        let second = try sealer.sealed([2])
        let opener = try NoiseCipher(key: key, direction: .open)
        #expect(throws: SecurityError(.tampered, "")) { try opener.opened(second) }
        let other = try NoiseCipher(key: key, direction: .open)
        #expect(try other.opened(first) == [1])
        #expect(throws: SecurityError(.tampered, "")) { try other.opened(first) }
    }

    @Test func stopsBeforeTheLastNonce() throws {
        let sealer = try NoiseCipher(key: key, direction: .seal, counter: .max - 1)
        let opener = try NoiseCipher(key: key, direction: .open, counter: .max - 1)
        let last = try sealer.sealed([7])
        #expect(try opener.opened(last) == [7])
        #expect(throws: SecurityError(.exhausted, "")) { try sealer.sealed([7]) }
        #expect(throws: SecurityError(.exhausted, "")) { try opener.opened(last) }
    }

    @Test func counterFillsAllEightBytes() throws {
        let counter: UInt64 = 0x0102_0304_0506_0708
        let sealed = try NoiseCipher(key: key, direction: .seal, counter: counter).sealed([9])
        let nonce = try ChaChaPoly.Nonce(data: [0, 0, 0, 0, 8, 7, 6, 5, 4, 3, 2, 1])
        let expected = try ChaChaPoly.seal([9], using: SymmetricKey(data: key), nonce: nonce)
        #expect(sealed == Array(expected.ciphertext) + Array(expected.tag))
    }

    @Test func keysOfAnotherLengthAreRefused() {
        #expect(throws: SecurityError(.unavailable, "")) { try NoiseCipher(key: [1, 2], direction: .seal) }
    }
}
