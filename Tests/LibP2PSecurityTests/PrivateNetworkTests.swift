import LibP2PTesting
import NIOCore
import NIOEmbedded
import Testing

@testable import LibP2PSecurity

@Suite struct PrivateNetworkTests {
    @Test func keyFilesOfTheVectors() throws {
        let vectors = try PrivateNetworkVectors.load()
        #expect(vectors.files.count == 4)
        for file in vectors.files {
            let key = try PreSharedKey(file: file.content)
            #expect(key.bytes == file.pskHex?.bytes)
            #expect(try PreSharedKey(file: Array(key.file.utf8)) == key)
        }
        for file in vectors.invalidFiles {
            #expect(throws: SecurityError(.invalidKeyFile, ""), "\(file.why ?? "")") {
                try PreSharedKey(file: file.content)
            }
        }
    }

    @Test func keyFilesAreWrittenInBase16() throws {
        let vector = try PrivateNetworkVectors.load().files[0]
        #expect(try PreSharedKey(file: vector.content).file == vector.text)
    }

    @Test func keysStayOutOfText() throws {
        let key = try PreSharedKey(bytes: [UInt8](repeating: 0xab, count: 32))
        #expect("\(key)" == "private network key")
        #expect(throws: SecurityError(.invalidKeyFile, "")) { try PreSharedKey(bytes: [1]) }
    }

    @Test func mutatedKeyFilesAreReadOrRefused() throws {
        var generator = SeededGenerator(seed: 3)
        for file in try PrivateNetworkVectors.load().files {
            for length in 0..<file.content.count - 2 {
                let key = try? PreSharedKey(file: Array(file.content.prefix(length)))
                #expect(key == nil)
            }
            for _ in 0..<500 { _ = try? PreSharedKey(file: generator.mutated(file.content)) }
        }
    }

    @Test func keystreamStartsAsKnown() throws {
        let vector = try PrivateNetworkVectors.load().xsalsa20KnownAnswer
        var cipher = XSalsa20(key: try PreSharedKey(bytes: vector.keyHex.bytes), nonce: vector.nonceHex.bytes)
        #expect(cipher.applied([UInt8](repeating: 0, count: 32)) == vector.keystreamFirst32Hex.bytes)
    }

    @Test(arguments: UInt64(0)..<20)
    func keystreamDoesNotDependOnHowItIsUsed(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let key = try PreSharedKey(bytes: generator.bytes(32))
        let nonce = generator.bytes(24)
        let bytes = generator.bytes(1000)
        var atOnce = XSalsa20(key: key, nonce: nonce)
        var inPieces = XSalsa20(key: key, nonce: nonce)
        var result: [UInt8] = []
        while result.count < bytes.count {
            let length = min(bytes.count - result.count, Int.random(in: 0...150, using: &generator))
            result += inPieces.applied(Array(bytes[result.count..<result.count + length]))
        }
        #expect(atOnce.applied(bytes) == result)
        #expect(result != bytes)
    }

    @Test func wireOfTheVectors() throws {
        let vector = try PrivateNetworkVectors.load().stream
        let key = try PreSharedKey(bytes: vector.pskHex.bytes)
        let channel = EmbeddedChannel(handler: PrivateNetworkHandler(key: key, nonce: vector.writerNonceHex.bytes))
        try channel.writeOutbound(ByteBuffer(bytes: vector.firstWritePlainHex.bytes))
        try channel.writeOutbound(ByteBuffer(bytes: vector.secondWritePlainHex.bytes))
        var wire: [UInt8] = []
        while let buffer = try channel.readOutbound(as: ByteBuffer.self) { wire += buffer.readableBytesView }
        #expect(wire == vector.wireHex.bytes)
    }

    @Test(arguments: UInt64(0)..<10)
    func twoEndsUnderstandEachOther(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let key = try PreSharedKey(bytes: generator.bytes(32))
        let pair = try ChannelPair(seed: seed, largestPiece: [1, 10, 30, 500][Int(seed % 4)])
        try pair.dialer.pipeline.syncOperations.addHandler(PrivateNetworkHandler(key: key))
        try pair.listener.pipeline.syncOperations.addHandler(PrivateNetworkHandler(key: key))
        var forth: [UInt8] = []
        var back: [UInt8] = []
        for _ in 0..<10 {
            let left = generator.bytes(Int.random(in: 0...200, using: &generator))
            let right = generator.bytes(Int.random(in: 0...200, using: &generator))
            forth += left
            back += right
            try pair.dialer.writeOutbound(ByteBuffer(bytes: left))
            try pair.listener.writeOutbound(ByteBuffer(bytes: right))
            try pair.pump()
        }
        #expect(try pair.takeInput(of: pair.listener) == forth)
        #expect(try pair.takeInput(of: pair.dialer) == back)
    }

    @Test func sendingNeverWaitsForTheOthersNonce() throws {
        let key = try PreSharedKey(bytes: [UInt8](0..<32))
        let channel = EmbeddedChannel(handler: PrivateNetworkHandler(key: key))
        try channel.writeOutbound(ByteBuffer(string: "first"))
        #expect(try channel.readOutbound(as: ByteBuffer.self)?.readableBytes == 24 + 5)
    }

    @Test func otherKeysSeeNoise() throws {
        let pair = try ChannelPair()
        let mine = try PreSharedKey(bytes: [UInt8](repeating: 1, count: 32))
        let theirs = try PreSharedKey(bytes: [UInt8](repeating: 2, count: 32))
        try pair.dialer.pipeline.syncOperations.addHandler(PrivateNetworkHandler(key: mine))
        try pair.listener.pipeline.syncOperations.addHandler(PrivateNetworkHandler(key: theirs))
        try pair.dialer.writeOutbound(ByteBuffer(string: "a sentence long enough"))
        try pair.pump()
        let seen = try pair.takeInput(of: pair.listener)
        #expect(seen.count == 22)
        #expect(seen != Array("a sentence long enough".utf8))
    }
}

extension XSalsa20 {
    /// `bytes` combined with the next part of the keystream, in place.
    mutating func applied(_ bytes: [UInt8]) -> [UInt8] {
        var result = bytes
        result.withUnsafeMutableBytes { apply(UnsafeRawBufferPointer($0), into: $0) }
        return result
    }
}
