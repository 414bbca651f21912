internal import LibP2PCore
internal import LibP2PIdentity
internal import NIOCore
internal import NIOSSL

/// What the certificate check of one connection came to; lives on the connection's loop.
final class TLSVerdict {
    private let expected: PeerID?
    private let clock: WallClock
    /// Nil until the peer's certificate has been looked at, and so for ever if a peer should manage to avoid that.
    private(set) var result: Result<PublicKey, SecurityError>?

    init(expected: PeerID?, clock: WallClock) {
        self.expected = expected
        self.clock = clock
    }

    /// The verification callback of NIOSSL. It replaces all checks of certificates that the library itself would do.
    func consider(_ chain: [NIOSSLCertificate], _ promise: EventLoopPromise<NIOSSLVerificationResult>) {
        let result = Result { () throws(SecurityError) in try verify(chain) }
        self.result = result
        switch result {
        case .success: promise.succeed(.certificateVerified)
        case .failure: promise.succeed(.failed)
        }
    }

    private func verify(_ chain: [NIOSSLCertificate]) throws(SecurityError) -> PublicKey {
        let certificates: [[UInt8]]
        do {
            certificates = try chain.map { try $0.toDERBytes() }
        } catch {
            throw SecurityError(.invalidProof, "the peer's certificate cannot be read", cause: error)
        }
        let key = try PeerCertificate.verify(chain: certificates, at: clock.now)
        if let expected, expected != key.peerID {
            throw SecurityError(.wrongPeer, "dialled \(expected), but \(key.peerID) answered")
        }
        return key
    }
}
