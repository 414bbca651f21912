import Crypto
import Foundation
import LibP2PCore
import LibP2PIdentity
import LibP2PTesting
import NIOCore
import NIOEmbedded
import NIOSSL
import SwiftASN1
import Testing
import X509

@testable import LibP2PSecurity

private typealias IdentityKey = LibP2PIdentity.PrivateKey

@Suite struct TLSTests {
    private static let now = Timestamp(seconds: 1_800_000_000)

    @Test(arguments: UInt64(0)..<8)
    func twoEndsAgreeHoweverBytesArrive(seed: UInt64) throws {
        let ends = try Ends(seed: seed, largestPiece: [5, 64, 500, 20_000][Int(seed % 4)])
        try ends.pair.pump()
        #expect(ends.dialed.value?.peerID == ends.listenerKey.peerID)
        #expect(ends.accepted.value?.peerID == ends.dialerKey.peerID)
        #expect(ends.dialed.value?.muxer == "/yamux/1.0.0")
        #expect(ends.accepted.value?.muxer == "/yamux/1.0.0")

        var generator = SeededGenerator(seed: seed)
        let bytes = generator.bytes(40_000)
        ends.pair.dialer.writeAndFlush(ByteBuffer(bytes: bytes), promise: nil)
        ends.pair.listener.writeAndFlush(ByteBuffer(bytes: bytes.reversed()), promise: nil)
        try ends.pair.pump()
        #expect(try ends.pair.takeInput(of: ends.pair.listener) == bytes)
        #expect(try ends.pair.takeInput(of: ends.pair.dialer) == bytes.reversed())
        #expect(ends.pair.errors.isEmpty)
    }

    @Test func differentMuxersAreLeftToMultistream() throws {
        let ends = try Ends(dialerMuxers: ["/mplex/6.7.0"])
        try ends.pair.pump()
        #expect(ends.dialed.value != nil && ends.accepted.value != nil)
        #expect(ends.dialed.value?.muxer == nil)
        #expect(ends.accepted.value?.muxer == nil)
    }

    @Test func anotherPeerThanTheDialledOneEndsTheConnection() throws {
        let ends = try Ends(expected: try IdentityKey.generate(.ed25519).peerID)
        try ends.pair.pump()
        #expect(ends.dialed.error as? SecurityError == SecurityError(.wrongPeer, ""))
        #expect(ends.accepted.value == nil)
        #expect(ends.accepted.error is SecurityError)
        #expect(!ends.pair.dialer.isActive)
    }

    @Test func certificatesInEd25519AreAccepted() throws {
        let pair = try ChannelPair()
        let identity = try IdentityKey.generate(.ed25519)
        let accepted = Outcome(
            try TLS(identity: try IdentityKey.generate(.ed25519), clock: .standing(at: Self.now)).secure(
                pair.listener, role: .listener, expecting: nil, muxers: []))
        let made = try Self.ed25519Certificate(of: identity)
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.certificateVerification = .none
        configuration.certificateChain = [.certificate(made.certificate)]
        configuration.privateKey = .privateKey(made.key)
        configuration.applicationProtocols = ["libp2p"]
        try pair.dialer.pipeline.syncOperations.addHandler(
            try NIOSSLClientHandler(context: try NIOSSLContext(configuration: configuration), serverHostname: nil))
        try pair.pump()
        #expect(accepted.value?.peerID == identity.peerID)
    }

    @Test func dialersWithoutCertificateAreRefused() throws {
        let pair = try ChannelPair()
        let listener = try TLS(identity: try IdentityKey.generate(.ed25519))
        let accepted = Outcome(
            listener.secure(pair.listener, role: .listener, expecting: nil, muxers: ["/yamux/1.0.0"]))
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.certificateVerification = .none
        configuration.applicationProtocols = ["libp2p"]
        let context = try NIOSSLContext(configuration: configuration)
        try pair.dialer.pipeline.syncOperations.addHandler(
            try NIOSSLClientHandler(context: context, serverHostname: nil))
        try pair.pump()
        #expect(accepted.error is SecurityError)
        #expect(!pair.listener.isActive)
    }

    @Test func dialersWithoutALPNAreRefused() throws {
        let pair = try ChannelPair()
        let identity = try IdentityKey.generate(.ed25519)
        let accepted = Outcome(
            try TLS(identity: identity).secure(pair.listener, role: .listener, expecting: nil, muxers: []))
        let host = try HostCertificate(identity: identity, now: WallClock.system.now)
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.certificateVerification = .none
        configuration.certificateChain = [.certificate(try NIOSSLCertificate(bytes: host.certificate, format: .der))]
        configuration.privateKey = .privateKey(try NIOSSLPrivateKey(bytes: host.privateKey, format: .der))
        let context = try NIOSSLContext(configuration: configuration)
        try pair.dialer.pipeline.syncOperations.addHandler(
            try NIOSSLClientHandler(context: context, serverHostname: nil))
        try pair.pump()
        #expect(accepted.error as? SecurityError == SecurityError(.noCommonProtocol, ""))
        #expect(!pair.listener.isActive)
    }

    @Test func olderVersionsAreRefused() throws {
        let pair = try ChannelPair()
        let accepted = Outcome(
            try TLS(identity: try IdentityKey.generate(.ed25519)).secure(
                pair.listener, role: .listener, expecting: nil, muxers: []))
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.certificateVerification = .none
        configuration.maximumTLSVersion = .tlsv12
        let context = try NIOSSLContext(configuration: configuration)
        try pair.dialer.pipeline.syncOperations.addHandler(
            try NIOSSLClientHandler(context: context, serverHostname: nil))
        try pair.pump()
        #expect(accepted.error is SecurityError)
    }

    @Test func closingDuringTheHandshakeFailsIt() throws {
        let ends = try Ends()
        ends.pair.deliver(try ends.pair.takeOutput(of: ends.pair.dialer), to: ends.pair.listener)
        ends.pair.listener.close(promise: nil)
        ends.pair.listener.embeddedEventLoop.run()
        #expect(ends.accepted.error is SecurityError)
    }

    @Test func garbageEndsTheConnection() throws {
        var generator = SeededGenerator(seed: 2)
        for seed in UInt64(0)..<20 {
            let ends = try Ends(seed: seed)
            let hello = try ends.pair.takeOutput(of: ends.pair.dialer)
            ends.pair.deliver(generator.mutated(hello) + generator.bytes(100), to: ends.pair.listener)
            #expect(ends.accepted.value == nil)
            #expect(try ends.pair.takeInput(of: ends.pair.listener).isEmpty)
        }
    }

    @Test func certificatesAreSharedAndRenewedInTime() throws {
        let clock = SettableClock(Self.now)
        let contexts = try TLSContexts(identity: try IdentityKey.generate(.ed25519), clock: clock.clock)
        let first = try contexts.context(offering: ["/yamux/1.0.0"])
        #expect(try contexts.context(offering: ["/yamux/1.0.0"]) === first)
        #expect(try contexts.context(offering: []) !== first)
        clock.set(Self.now + HostCertificate.lifetime / 2)
        let second = try contexts.context(offering: ["/yamux/1.0.0"])
        #expect(second !== first)
        #expect(try contexts.context(offering: ["/yamux/1.0.0"]) === second)
    }

    /// As jvm-libp2p makes them.
    private static func ed25519Certificate(
        of identity: IdentityKey
    ) throws -> (certificate: NIOSSLCertificate, key: NIOSSLPrivateKey) {
        let key = Certificate.PrivateKey(Curve25519.Signing.PrivateKey())
        var keyInfo = DER.Serializer()
        try keyInfo.serialize(key.publicKey)
        var content = DER.Serializer()
        try content.serialize(
            SignedKey(
                publicKey: identity.publicKey.protobuf,
                signature: try identity.sign(SignedKey.signedBytes(subjectPublicKeyInfo: keyInfo.serializedBytes))))
        let name = try DistinguishedName { OrganizationName("test") }
        let certificate = try Certificate(
            version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: key.publicKey,
            notValidBefore: Date(timeIntervalSince1970: Double(now.seconds - 10)),
            notValidAfter: Date(timeIntervalSince1970: Double(now.seconds + 10)), issuer: name, subject: name,
            signatureAlgorithm: .ed25519,
            extensions: try Certificate.Extensions([
                .init(oid: SignedKey.extensionID, critical: true, value: content.serializedBytes[...])
            ]),
            issuerPrivateKey: key)
        var serializer = DER.Serializer()
        try serializer.serialize(certificate)
        return (
            try NIOSSLCertificate(bytes: serializer.serializedBytes, format: .der),
            try NIOSSLPrivateKey(bytes: Array(key.serializeAsPEM().pemString.utf8), format: .pem)
        )
    }

    private struct Ends {
        let pair: ChannelPair
        let dialerKey: IdentityKey
        let listenerKey: IdentityKey
        let dialed: Outcome<SecuredPeer>
        let accepted: Outcome<SecuredPeer>

        init(
            seed: UInt64 = 1, largestPiece: Int = 500, expected: PeerID? = nil,
            dialerMuxers: [ProtocolID] = ["/yamux/1.0.0"]
        ) throws {
            pair = try ChannelPair(seed: seed, largestPiece: largestPiece)
            dialerKey = try IdentityKey.generate(.ed25519)
            listenerKey = try IdentityKey.generate(.ecdsa)
            accepted = Outcome(
                try TLS(identity: listenerKey).secure(
                    pair.listener, role: .listener, expecting: nil, muxers: ["/yamux/1.0.0", "/mplex/6.7.0"]))
            dialed = Outcome(
                try TLS(identity: dialerKey).secure(
                    pair.dialer, role: .dialer, expecting: expected ?? listenerKey.peerID, muxers: dialerMuxers))
        }
    }
}
