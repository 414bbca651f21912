import LibP2PCore
import LibP2PTesting
import Testing

@testable import LibP2PSecurity

@Suite struct NoiseXXTests {
    @Test func publicVectorsGiveTheSameBytes() throws {
        for vector in try NoiseVectors.load().genericVectors {
            var dialer = NoiseXX(
                role: .dialer, staticKey: try NoiseKeyPair(privateKey: vector.initStatic.bytes),
                ephemeral: try NoiseKeyPair(privateKey: vector.initEphemeral.bytes),
                prologue: vector.initPrologue.bytes)
            var listener = NoiseXX(
                role: .listener, staticKey: try NoiseKeyPair(privateKey: vector.respStatic.bytes),
                ephemeral: try NoiseKeyPair(privateKey: vector.respEphemeral.bytes),
                prologue: vector.respPrologue.bytes)
            for (index, message) in vector.messages.prefix(3).enumerated() {
                let bytes: [UInt8]
                let payload: [UInt8]
                if index.isMultiple(of: 2) {
                    bytes = try dialer.write(payload: message.payload.bytes)
                    payload = try listener.read(bytes)
                } else {
                    bytes = try listener.write(payload: message.payload.bytes)
                    payload = try dialer.read(bytes)
                }
                #expect(bytes == message.ciphertext.bytes, "\(vector.origin), message \(index)")
                #expect(payload == message.payload.bytes)
            }
            #expect(dialer.isFinished && listener.isFinished)
            #expect(dialer.handshakeHash == listener.handshakeHash)
            if let hash = vector.handshakeHash { #expect(dialer.handshakeHash == hash.bytes) }
            try checkTransport(vector, dialer, listener)
        }
    }

    private func checkTransport(_ vector: NoiseVectors.Generic, _ dialer: NoiseXX, _ listener: NoiseXX) throws {
        let keys = dialer.transportKeys()
        #expect(keys.send == listener.transportKeys().receive)
        #expect(keys.receive == listener.transportKeys().send)
        let fromDialer = try NoiseCipher(key: keys.send, direction: .seal)
        let fromListener = try NoiseCipher(key: keys.receive, direction: .seal)
        // The listener speaks first: the handshake's three messages end with the dialer's.
        for (index, message) in vector.messages.dropFirst(3).enumerated() {
            let cipher = index.isMultiple(of: 2) ? fromListener : fromDialer
            #expect(try cipher.sealed(message.payload.bytes) == message.ciphertext.bytes, "\(vector.origin), \(index)")
        }
    }

    @Test func messagesOutOfTurnAreErrors() throws {
        var dialer = NoiseXX(role: .dialer, staticKey: NoiseKeyPair(), ephemeral: NoiseKeyPair(), prologue: [])
        _ = try dialer.write(payload: [])
        #expect(throws: SecurityError(.malformed, "")) { try dialer.write(payload: []) }
        var listener = NoiseXX(role: .listener, staticKey: NoiseKeyPair(), ephemeral: NoiseKeyPair(), prologue: [])
        #expect(throws: SecurityError(.malformed, "")) { try listener.write(payload: []) }
    }

    @Test func differentProloguesDoNotUnderstandEachOther() throws {
        var dialer = NoiseXX(role: .dialer, staticKey: NoiseKeyPair(), ephemeral: NoiseKeyPair(), prologue: [1])
        var listener = NoiseXX(role: .listener, staticKey: NoiseKeyPair(), ephemeral: NoiseKeyPair(), prologue: [2])
        _ = try listener.read(try dialer.write(payload: []))
        let reply = try listener.write(payload: [])
        #expect(throws: SecurityError(.tampered, "")) { try dialer.read(reply) }
    }

    @Test(arguments: [0, 1])
    func keysOfLowOrderAreRefused(first: UInt8) throws {
        let weak = [first] + [UInt8](repeating: 0, count: 31)
        var listener = NoiseXX(role: .listener, staticKey: NoiseKeyPair(), ephemeral: NoiseKeyPair(), prologue: [])
        _ = try listener.read(weak)
        #expect(throws: SecurityError(.malformed, "")) { try listener.write(payload: []) }
    }
}

extension NoiseCipher {
    /// A frame's body for `plaintext`, encrypted in place.
    func sealed(_ plaintext: [UInt8]) throws -> [UInt8] {
        var bytes = plaintext + [UInt8](repeating: 0, count: Self.tagLength)
        try bytes.withUnsafeMutableBytes {
            try seal(UnsafeRawBufferPointer(rebasing: $0.prefix(plaintext.count)), into: $0)
        }
        return bytes
    }

    /// The plaintext of a frame's body.
    func opened(_ message: [UInt8]) throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: message.count - Self.tagLength)
        try message.withUnsafeBytes { input in try bytes.withUnsafeMutableBytes { try open(input, into: $0) } }
        return bytes
    }
}
