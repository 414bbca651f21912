internal import LibP2PCore
internal import LibP2PIdentity
internal import NIOSSL
internal import Synchronization

/// Keeps the node's certificate fresh, and the TLS contexts made with it: one for each offer of muxers, as ALPN belongs
/// to the context. A node makes the same offer on all of its connections, so that is one.
final class TLSContexts: Sendable {
    private struct State {
        var certificate: HostCertificate
        var contexts: [[ProtocolID]: NIOSSLContext] = [:]
    }

    private let identity: PrivateKey
    private let clock: WallClock
    private let state: Mutex<State>

    init(identity: PrivateKey, clock: WallClock) throws {
        do {
            state = Mutex(State(certificate: try HostCertificate(identity: identity, now: clock.now)))
        } catch {
            throw SecurityError(.unavailable, "no TLS certificate could be made for the node's identity", cause: error)
        }
        self.identity = identity
        self.clock = clock
    }

    /// The context for a connection that begins now.
    func context(offering offer: [ProtocolID]) throws -> NIOSSLContext {
        let now = clock.now
        return try state.withLock { state in
            if now >= state.certificate.renewal {
                state = State(certificate: try HostCertificate(identity: identity, now: now))
            }
            if let context = state.contexts[offer] { return context }
            let context = try Self.makeContext(state.certificate, offering: offer)
            state.contexts[offer] = context
            return context
        }
    }

    private static func makeContext(
        _ certificate: HostCertificate, offering offer: [ProtocolID]
    ) throws -> NIOSSLContext {
        // A server's configuration that asks for a certificate serves as a client's as well.
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: [.certificate(try NIOSSLCertificate(bytes: certificate.certificate, format: .der))],
            privateKey: .privateKey(try NIOSSLPrivateKey(bytes: certificate.privateKey, format: .der)))
        configuration.minimumTLSVersion = .tlsv13
        // The verification proper is `PeerCertificate`'s; this makes a server ask for a certificate and require one.
        configuration.certificateVerification = .noHostnameVerification
        // No authority is trusted, and the system's are not even loaded.
        configuration.trustRoots = .certificates([])
        configuration.renegotiationSupport = .none
        // The library's own choice, and Ed25519, in which some peers (jvm-libp2p) make their certificates.
        configuration.verifySignatureAlgorithms = [
            .ecdsaSecp256R1Sha256, .ed25519, .ecdsaSecp384R1Sha384, .rsaPssRsaeSha256, .rsaPssRsaeSha384,
            .rsaPssRsaeSha512,
        ]
        // The server picks by the order of its own list, where the specification wants the client's; with one muxer and
        // the fallback, which both sides list last, there is no difference.
        configuration.applicationProtocols = offer.map(\.name) + [TLS.fallback]
        return try NIOSSLContext(configuration: configuration)
    }
}
