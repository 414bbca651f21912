import Crypto
import LibP2PCore
import LibP2PIdentity
import LibP2PTesting
import Testing

@testable import LibP2PHTTP

/// Our client with our server, and what either does when the other one cheats.
struct PeerIDAuthHandshakeTests {
    private let start = Timestamp(seconds: 1_700_000_000)
    private let host = "broker.example"

    private static func key(_ type: KeyType) throws -> PrivateKey { try PrivateKey.generate(type) }

    private func server(_ key: PrivateKey, secret: UInt8 = 1) -> PeerIDAuthServer {
        PeerIDAuthServer(identity: key, secret: SymmetricKey(data: [UInt8](repeating: secret, count: 32))) {
            $0 == "broker.example" || $0 == "other.example"
        }
    }

    /// One request: what the client sends and the server says to it.
    private func exchange(
        _ client: inout PeerIDAuthClient, _ server: PeerIDAuthServer, host: String? = nil, at time: Timestamp
    ) throws -> (verdict: PeerIDAuthServer.Verdict, outcome: PeerIDAuthClient.Outcome) {
        let verdict = server.check(
            authorization: try client.authorization(at: time), hostname: host ?? self.host, at: time)
        switch verdict {
        case .authenticated(_, let info): return (verdict, try client.receive(status: 200, challenges: [], info: info))
        case .challenged(let challenge):
            return (verdict, try client.receive(status: 401, challenges: ["Bearer", challenge], info: nil))
        case .refused: return (verdict, try client.receive(status: 400, challenges: [], info: nil))
        }
    }

    @Test(arguments: KeyType.allCases, [true, false])
    func everyKindOfKey(type: KeyType, begins: Bool) throws {
        let (mine, theirs) = (try Self.key(type), try Self.key(type))
        let server = server(theirs)
        var client = PeerIDAuthClient(identity: mine, hostname: host, begins: begins)
        #expect(try exchange(&client, server, at: start).outcome == .again)
        let proof = try exchange(&client, server, at: start)
        #expect(proof.outcome == .answered(theirs.peerID))
        guard case .authenticated(let peer, let info) = proof.verdict else {
            Issue.record("\(proof.verdict)")
            return
        }
        #expect(peer == mine.peerID)
        #expect(info?.contains("expires=\"2023-11-14T23:13:20Z\"") == true)

        // From now on there is a token, until it expires; then the handshake comes again.
        let later = try exchange(&client, server, at: start + .seconds(3599))
        #expect(later.verdict == .authenticated(mine.peerID, info: nil))
        #expect(later.outcome == .answered(theirs.peerID))
        let late = start + .seconds(3600)
        #expect(try exchange(&client, server, at: late).outcome == .again)
        #expect(try exchange(&client, server, at: late).outcome == .answered(theirs.peerID))
    }

    /// Keys too large for a proof of both sides in one header: the server lets the client begin in vain.
    @Test func largeKeys() throws {
        let (mine, theirs) = (
            try PrivateKey.generate(.rsa, rsaBits: 4096), try PrivateKey.generate(.rsa, rsaBits: 4096)
        )
        var client = PeerIDAuthClient(identity: mine, hostname: host)
        let server = server(theirs)
        #expect(try exchange(&client, server, at: start).outcome == .again)
        #expect(try exchange(&client, server, at: start).outcome == .answered(theirs.peerID))
    }

    @Test func tokenOfAnotherServerOrHost() throws {
        let (mine, theirs) = (try Self.key(.ed25519), try Self.key(.ed25519))
        var client = PeerIDAuthClient(identity: mine, hostname: host)
        _ = try exchange(&client, server(theirs), at: start)
        _ = try exchange(&client, server(theirs), at: start)
        #expect(client.holdsToken)
        let token = try client.authorization(at: start)
        for (server, host) in [(server(theirs, secret: 2), "broker.example"), (server(theirs), "other.example")] {
            guard case .challenged = server.check(authorization: token, hostname: host, at: start) else {
                Issue.record("a token passed where it is none")
                continue
            }
        }
        // The client whose token is refused proves itself anew, without being asked to knock first.
        let again = server(theirs, secret: 3)
        #expect(try exchange(&client, again, at: start).outcome == .again)
        #expect(client.sendsBody)
        #expect(try exchange(&client, again, at: start).outcome == .answered(theirs.peerID))
    }

    @Test func challengesGrowOld() throws {
        let (mine, theirs) = (try Self.key(.ed25519), try Self.key(.ed25519))
        var client = PeerIDAuthClient(identity: mine, hostname: host)
        _ = try exchange(&client, server(theirs), at: start)
        // The server challenges anew, and the client, whose proof was not taken, gives up; the next try begins at the start.
        #expect(throws: PeerIDAuthError(.rejected, "")) {
            try exchange(&client, server(theirs), at: start + .seconds(300))
        }
        #expect(try exchange(&client, server(theirs), at: start).outcome == .again)
        #expect(try exchange(&client, server(theirs), at: start + .seconds(299)).outcome == .answered(theirs.peerID))
    }

    /// Somebody between both of them, under a name of his own, gains nothing by passing everything on.
    @Test func proofsHoldForOneHost() throws {
        let (mine, theirs) = (try Self.key(.ed25519), try Self.key(.ed25519))
        var lured = PeerIDAuthClient(identity: mine, hostname: "evil.example", begins: false)
        let server = server(theirs)
        #expect(try exchange(&lured, server, at: start).outcome == .again)
        let proof = try lured.authorization(at: start)
        guard case .challenged = server.check(authorization: proof, hostname: host, at: start) else {
            Issue.record("a proof for another host was taken")
            return
        }
        guard case .refused(let error) = server.check(authorization: proof, hostname: "evil.example", at: start) else {
            Issue.record("a foreign host was served")
            return
        }
        #expect(error.code == .wrongHost)
    }

    @Test func serverThatProvesNothing() throws {
        let (mine, theirs) = (try Self.key(.ed25519), try Self.key(.ed25519))
        let server = server(theirs)
        // It begins, and the server's proof is another one's.
        var client = PeerIDAuthClient(identity: mine, hostname: host)
        guard
            case .challenged(let text) = server.check(
                authorization: try client.authorization(at: start), hostname: host, at: start)
        else { return }
        var forged = try #require(try PeerIDAuthHeader.read(text))
        forged.publicKey = try Self.key(.ed25519).publicKey.protobuf
        #expect(throws: PeerIDAuthError(.wrongServer, "")) {
            try client.receive(status: 401, challenges: [forged.text()], info: nil)
        }
        // It is challenged, and the answer comes without a proof, or with a forged one.
        for info in [nil, "libp2p-PeerID bearer=\"x\"", "libp2p-PeerID sig=\"AAAA\", bearer=\"x\""] {
            var client = PeerIDAuthClient(identity: mine, hostname: host, begins: false)
            _ = try exchange(&client, server, at: start)
            _ = try client.authorization(at: start)
            #expect(throws: PeerIDAuthError(.wrongServer, "")) {
                try client.receive(status: 200, challenges: [], info: info)
            }
            #expect(!client.holdsToken)
        }
        // A refusal needs no proof.
        var refused = PeerIDAuthClient(identity: mine, hostname: host, begins: false)
        _ = try exchange(&refused, server, at: start)
        #expect(try refused.receive(status: 403, challenges: [], info: nil) == .answered(nil))
    }

    @Test func serverThatWantsSomethingElse() throws {
        var client = PeerIDAuthClient(identity: try Self.key(.ed25519), hostname: host)
        #expect(throws: PeerIDAuthError(.rejected, "")) {
            try client.receive(status: 401, challenges: ["Basic realm=\"x\""], info: nil)
        }
        #expect(try client.receive(status: 200, challenges: [], info: nil) == .answered(nil))
    }

    @Test(arguments: [
        "libp2p-PeerID sig=\"AAAA\"", "libp2p-PeerID opaque=\"AAAA\"", "libp2p-PeerID public-key=\"AAAA\"",
        "libp2p-PeerID challenge-server=\"x\"", "libp2p-PeerID challenge-server=\"x\", public-key=\"AAAA\"",
    ])
    func serverRefusesHalfHeaders(text: String) throws {
        let verdict = server(try Self.key(.ed25519)).check(authorization: text, hostname: host, at: start)
        guard case .refused(let error) = verdict else {
            Issue.record("\(verdict)")
            return
        }
        #expect(error.code == .malformed)
    }

    /// Whatever is changed in a proof or a token, it is nobody's.
    @Test(arguments: 0..<16 as Range<UInt64>)
    func hostileClients(seed: UInt64) throws {
        let (mine, theirs) = (try PrivateKey(ed25519Seed: [UInt8](repeating: 7, count: 32)), try Self.key(.ed25519))
        let server = server(theirs)
        var client = PeerIDAuthClient(identity: mine, hostname: host)
        for _ in 0..<2 {
            _ = try exchange(&client, server, at: start)
            let text = try #require(try client.authorization(at: start))
            let valid = Array(text.utf8)
            for bytes in mutants(of: valid, seed: seed) {
                let text = String(decoding: bytes, as: UTF8.self)
                if case .authenticated(let peer, _) = server.check(authorization: text, hostname: host, at: start) {
                    #expect(peer == mine.peerID)
                }
            }
        }
    }
}
