import LibP2PCore
import LibP2PIdentity
import LibP2PTesting
import Testing
import Wire

@testable import LibP2PSecurity

@Suite struct NoiseHandshakeTests {
    @Test func transcriptOfTheVectors() throws {
        let vector = try NoiseVectors.load().libp2pHandshake
        let frames = vector.framesHex.map { Array($0.bytes.dropFirst(2)) }
        var dialer = try handshake(.dialer, vector.initiator, offer: ["/yamux/1.0.0", "/mplex/6.7.0"])
        var listener = try handshake(.listener, vector.responder, offer: ["/yamux/1.0.0"])

        #expect(try dialer.start() == frames[0])
        #expect(try listener.start() == nil)
        let response = try listener.receive(frames[0])
        #expect(response.reply == frames[1])
        #expect(response.outcome == nil)
        let last = try dialer.receive(frames[1])
        #expect(last.reply == frames[2])
        let end = try listener.receive(frames[2])
        #expect(end.reply == nil)

        let dialed = try #require(last.outcome)
        let accepted = try #require(end.outcome)
        for outcome in [dialed, accepted] {
            #expect(outcome.handshakeHash == vector.handshakeHashHex.bytes)
            #expect(outcome.peer.muxer?.name == vector.selectedMuxer)
        }
        #expect(dialed.peer.peerID.description == vector.responder.peerId)
        #expect(accepted.peer.peerID.description == vector.initiator.peerId)
        try checkFrames(of: vector, dialed, accepted)
    }

    private func checkFrames(
        of vector: NoiseVectors.Handshake, _ dialed: NoiseHandshake.Outcome, _ accepted: NoiseHandshake.Outcome
    ) throws {
        let dialer = try NoiseCipher(key: dialed.sendKey, direction: .seal)
        let listener = try NoiseCipher(key: accepted.sendKey, direction: .seal)
        let opener = try NoiseCipher(key: accepted.receiveKey, direction: .open)
        for frame in vector.transportFrames {
            let cipher = frame.from == "initiator" ? dialer : listener
            let message = Array(frame.frameHex.bytes.dropFirst(2))
            #expect(try cipher.sealed(frame.plainHex.bytes) == message)
            if cipher === dialer { #expect(try opener.opened(message) == frame.plainHex.bytes) }
        }
    }

    @Test func payloadsOfTheVectors() throws {
        let vector = try NoiseVectors.load().libp2pHandshake
        let dialer = try identity(vector.initiator).payload(offering: ["/yamux/1.0.0", "/mplex/6.7.0"])
        let listener = try identity(vector.responder).payload(offering: ["/yamux/1.0.0"])
        #expect(dialer == vector.initiator.payloadHex.bytes)
        #expect(listener == vector.responder.payloadHex.bytes)
    }

    @Test func payloadsThatProveNothingAreRejected() throws {
        let vectors = try NoiseVectors.load()
        let responder = vectors.libp2pHandshake.responder
        for rejected in vectors.mustReject {
            var dialer = try handshake(.dialer, vectors.libp2pHandshake.initiator, offer: [])
            let hello = try #require(try dialer.start())
            var listener = NoiseXX(
                role: .listener, staticKey: try NoiseKeyPair(privateKey: responder.staticPrivateHex.bytes),
                ephemeral: try NoiseKeyPair(privateKey: responder.ephemeralPrivateHex.bytes), prologue: [])
            _ = try listener.read(hello)
            let response = try listener.write(payload: rejected.responderPayloadHex.bytes)
            #expect(throws: SecurityError(.invalidProof, ""), "\(rejected.why)") { try dialer.receive(response) }
            // The handshake is over then, whatever comes.
            #expect(throws: SecurityError(.malformed, "")) { try dialer.receive(response) }
        }
    }

    @Test func anotherPeerThanTheDialledOneIsRefused() throws {
        let identity = try PrivateKey.generate(.ed25519)
        let other = try PrivateKey.generate(.ed25519)
        var dialer = try handshake(.dialer, identity, expected: identity.peerID)
        var listener = try handshake(.listener, other)
        let hello = try #require(try dialer.start())
        let response = try #require(try listener.receive(hello).reply)
        #expect(throws: SecurityError(.wrongPeer, "")) { try dialer.receive(response) }
    }

    @Test(arguments: KeyType.allCases)
    func everyKindOfIdentityIsProven(type: KeyType) throws {
        let identity = try PrivateKey.generate(type)
        let (dialed, accepted) = try run(dialer: identity, listener: try PrivateKey.generate(.ed25519))
        #expect(accepted.peer.peerID == identity.peerID)
        #expect(dialed.sendKey == accepted.receiveKey)
        #expect(dialed.receiveKey == accepted.sendKey)
    }

    @Test func muxersAreChosenInTheDialersOrder() throws {
        let key = try PrivateKey.generate(.ed25519)
        let cases: [(dialer: [ProtocolID], listener: [ProtocolID], choice: ProtocolID?)] = [
            (["/a"], ["/a"], "/a"),
            (["/a", "/b"], ["/b", "/a"], "/a"),
            (["/x", "/b"], ["/a", "/b"], "/b"),
            ([], ["/a"], nil),
            (["/a"], [], nil),
            // The specification would fail here; go-libp2p falls back to multistream, and so do we.
            (["/a"], ["/b"], nil),
        ]
        for (dialer, listener, choice) in cases {
            let (dialed, accepted) = try run(
                dialer: key, listener: key, dialerOffer: dialer, listenerOffer: listener)
            #expect(dialed.peer.muxer == choice)
            #expect(accepted.peer.muxer == choice)
        }
    }

    @Test func onlyTheFirstMuxerIsOffered() {
        #expect(MuxerChoice.offer(from: ["/yamux/1.0.0", "/mplex/6.7.0"]) == ["/yamux/1.0.0"])
        #expect(MuxerChoice.offer(from: []) == [])
    }

    @Test func retiredAndUnknownFieldsAreSkipped() throws {
        // Field 3 is the data of an early version, field 9 does not exist.
        let bytes: [UInt8] = [0x0a, 1, 7, 0x1a, 2, 1, 2, 0x48, 5, 0x12, 1, 8, 0x22, 4, 0x0a, 0, 0x12, 0]
        let payload = try NoisePayload(protobuf: bytes)
        #expect(payload.identityKey == [7])
        #expect(payload.identitySignature == [8])
        #expect(payload.extensions?.streamMuxers == [""])
    }

    @Test func endlessMuxerListsAreRefused() {
        let muxers: [UInt8] = Array([[UInt8]](repeating: [0x12, 0], count: 65).joined())
        let bytes = [0x22, 0x82, 0x01] + muxers
        #expect(throws: (any Error).self) { try NoisePayload(protobuf: bytes) }
        #expect(throws: Never.self) { try NoisePayload(protobuf: [0x22, 0x80, 0x01] + muxers.dropLast(2)) }
    }

    @Test func truncatedMessagesAreErrors() throws {
        let vector = try NoiseVectors.load().libp2pHandshake
        let frames = vector.framesHex.map { Array($0.bytes.dropFirst(2)) }
        for length in 0..<frames[0].count {
            var listener = try handshake(.listener, vector.responder, offer: [])
            #expect(throws: SecurityError(.malformed, "")) { try listener.receive(Array(frames[0].prefix(length))) }
        }
        for length in 0..<frames[1].count {
            var dialer = try handshake(.dialer, vector.initiator, offer: ["/yamux/1.0.0", "/mplex/6.7.0"])
            _ = try dialer.start()
            #expect(throws: SecurityError.self) { try dialer.receive(Array(frames[1].prefix(length))) }
        }
    }

    @Test func mutatedMessagesAreErrors() throws {
        let vector = try NoiseVectors.load().libp2pHandshake
        let frames = vector.framesHex.map { Array($0.bytes.dropFirst(2)) }
        var generator = SeededGenerator(seed: 4)
        for _ in 0..<200 {
            var listener = try handshake(.listener, vector.responder, offer: ["/yamux/1.0.0"])
            _ = try listener.receive(frames[0])
            let message = generator.mutated(frames[2])
            guard message != frames[2] else { continue }
            #expect(throws: SecurityError.self) { try listener.receive(message) }
        }
    }

    @Test func mutatedPayloadsAreReadOrRefused() throws {
        let vector = try NoiseVectors.load().libp2pHandshake
        var generator = SeededGenerator(seed: 5)
        var refused = 0
        for _ in 0..<2000 {
            do {
                _ = try NoisePayload(protobuf: generator.mutated(vector.initiator.payloadHex.bytes))
            } catch {
                refused += 1
            }
        }
        #expect(refused > 100)
    }

    // MARK: Set-up

    private func identity(_ party: NoiseVectors.Party) throws -> NoiseIdentity {
        let key = try PrivateKey(ed25519Seed: party.identitySeedHex.bytes)
        #expect(key.peerID.description == party.peerId)
        return try NoiseIdentity(
            identity: key, staticKey: try NoiseKeyPair(privateKey: party.staticPrivateHex.bytes))
    }

    private func handshake(
        _ role: HandshakeRole, _ party: NoiseVectors.Party, offer: [ProtocolID]
    ) throws -> NoiseHandshake {
        NoiseHandshake(
            role: role, local: try identity(party), offer: offer, expected: nil,
            ephemeral: try NoiseKeyPair(privateKey: party.ephemeralPrivateHex.bytes))
    }

    private func handshake(
        _ role: HandshakeRole, _ key: PrivateKey, offer: [ProtocolID] = [], expected: PeerID? = nil
    ) throws -> NoiseHandshake {
        NoiseHandshake(
            role: role, local: try NoiseIdentity(identity: key), offer: offer, expected: expected,
            ephemeral: NoiseKeyPair())
    }

    private func run(
        dialer: PrivateKey, listener: PrivateKey, dialerOffer: [ProtocolID] = [], listenerOffer: [ProtocolID] = []
    ) throws -> (dialed: NoiseHandshake.Outcome, accepted: NoiseHandshake.Outcome) {
        var left = try handshake(.dialer, dialer, offer: dialerOffer, expected: listener.peerID)
        var right = try handshake(.listener, listener, offer: listenerOffer)
        let hello = try #require(try left.start())
        let response = try #require(try right.receive(hello).reply)
        let proof = try left.receive(response)
        let end = try right.receive(try #require(proof.reply))
        return (try #require(proof.outcome), try #require(end.outcome))
    }
}
