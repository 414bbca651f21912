import HTTPTypes
import LibP2PCore
public import LibP2PHTTP
public import LibP2PIdentity

/// Lets certain peers do what publishes or dials: they prove who they are by `libp2p-PeerID` instead of knowing a token.
public struct PeerGate: Sendable {
    private let peers: Set<PeerID>
    private let server: PeerIDAuthServer

    /// A gate.
    ///
    /// - Parameters:
    ///   - peers: who may pass.
    ///   - server: who judges proofs. It must know the hosts that the delegate is called by.
    public init(peers: Set<PeerID>, server: PeerIDAuthServer) {
        self.peers = peers
        self.server = server
    }

    /// What is known of a request's sender.
    struct Judgement: Sendable {
        /// What its `Authorization` is worth; nil when it says nothing of this kind.
        let verdict: PeerIDAuthServer.Verdict?
    }

    /// Looks at a request's `Authorization`.
    func judge(_ request: DelegateRequest, at now: Timestamp) -> Judgement {
        guard let text = request.headers[.authorization],
            text.prefix(PeerIDAuthHeader.scheme.count).lowercased() == PeerIDAuthHeader.scheme.lowercased()
        else { return Judgement(verdict: nil) }
        return Judgement(verdict: server.check(authorization: text, hostname: request.host, at: now))
    }

    /// Lets a request pass, or not.
    ///
    /// - Throws: ``RoutingError``: `.unauthorized` without a proof, `.forbidden` with another peer's.
    func pass(_ judgement: Judgement?) throws(RoutingError) {
        switch judgement?.verdict {
        case .authenticated(let peer, _):
            guard peers.contains(peer) else { throw RoutingError(.forbidden, "the peer \(peer) may not do this here") }
        case .refused(let error):
            throw RoutingError(.forbidden, "the peer cannot be authenticated: \(error.message)", cause: error)
        case .challenged, nil:
            throw RoutingError(.unauthorized, "this is for certain peers: prove who you are by libp2p-PeerID")
        }
    }

    /// Says in an answer's headers what comes next in the handshake.
    func complete(_ response: inout DelegateResponse, to request: DelegateRequest, at now: Timestamp) {
        if response.status == .unauthorized {
            var verdict = request.judgement?.verdict
            if verdict == nil { verdict = server.check(authorization: nil, hostname: request.host, at: now) }
            if case .challenged(let challenge) = verdict { response.headers[.wwwAuthenticate] = challenge }
        }
        if case .authenticated(_, let info?) = request.judgement?.verdict {
            response.headers[Self.authenticationInfo] = info
        }
        let exposed = response.headers[.accessControlExposeHeaders].map { $0 + ", " } ?? ""
        response.headers[.accessControlExposeHeaders] = exposed + "Authentication-Info, WWW-Authenticate"
    }

    private static let authenticationInfo = HTTPField.Name("Authentication-Info") ?? .wwwAuthenticate
}
