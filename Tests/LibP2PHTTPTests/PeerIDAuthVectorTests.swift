import LibP2PCore
import LibP2PIdentity
import LibP2PTesting
import Testing

@testable import LibP2PHTTP

/// What go-libp2p signs, and the two handshakes of the specification.
struct PeerIDAuthVectorTests {
    private let clientChallenge = "ERERERERERERERERERERERERERERERERERERERERERE="
    private let serverChallenge = "MzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMz"

    @Test func signedBytesAndSignatures() throws {
        let vectors = try PeerIDAuthVectors.load()
        let (server, client) = (try vectors.server, try vectors.client)
        for (vector, proof, key) in [
            (
                vectors.signing_example,
                PeerIDAuthProof(
                    signer: .server, challenge: clientChallenge, verifierKey: client.publicKey.protobuf,
                    hostname: vectors.hostname), server
            ),
            (
                vectors.handshake_client_signature,
                PeerIDAuthProof(
                    signer: .client, challenge: clientChallenge, verifierKey: server.publicKey.protobuf,
                    hostname: vectors.hostname), client
            ),
            (
                vectors.handshake_server_signature,
                PeerIDAuthProof(
                    signer: .server, challenge: serverChallenge, verifierKey: client.publicKey.protobuf,
                    hostname: vectors.hostname), server
            ),
        ] {
            #expect(proof.bytes == vector.data_hex.bytes)
            // Ed25519 signs in one way only.
            let signature = try proof.sign(with: key)
            #expect(signature == PeerIDAuthHeader.base64(vector.signature_b64url))
            #expect(proof.isValid(signature, by: key.publicKey))
        }
    }

    /// The specification's transcript of this flow is older than its rules: the client's signature does not cover the
    /// server's key, and is refused. The one over all of it is taken, and the server's is as in the transcript.
    @Test func serverInitiated() throws {
        let vectors = try PeerIDAuthVectors.load()
        let handshake = try #require(vectors.handshakes.first { $0.flow == "server initiated" })
        #expect(handshake.client_sig_expect == "reject")
        let answer = try #require(try PeerIDAuthHeader.read(handshake.steps[2].value))
        let proof = PeerIDAuthProof(
            signer: .client, challenge: clientChallenge, verifierKey: try vectors.server.publicKey.protobuf,
            hostname: vectors.hostname)
        let key = try vectors.client.publicKey
        #expect(answer.publicKey == key.protobuf)
        #expect(!proof.isValid(try #require(answer.signature), by: key))

        // A client refuses the transcript's challenge too, for it says no key that could be signed.
        var old = PeerIDAuthClient(identity: try vectors.client, hostname: vectors.hostname, begins: false)
        #expect(try old.authorization(at: Timestamp(seconds: 0)) == nil)
        #expect(throws: PeerIDAuthError(.malformed, "")) {
            try old.receive(status: 401, challenges: [handshake.steps[1].value], info: nil)
        }

        // With the key, the client signs as go-libp2p does, and takes the transcript's proof and token.
        let challenge = [try adding(try vectors.server.publicKey, to: handshake.steps[1].value)]
        var client = try client(vectors, begins: false)
        #expect(try client.receive(status: 401, challenges: challenge, info: nil) == .again)
        let text = try #require(try client.authorization(at: now))
        let sent = try #require(try PeerIDAuthHeader.read(text))
        #expect(sent.signature == PeerIDAuthHeader.base64(vectors.handshake_client_signature.signature_b64url))
        #expect(sent.opaque == answer.opaque)
        #expect(sent.challengeServer == serverChallenge)
        let outcome = try client.receive(status: 200, challenges: [], info: handshake.steps[3].value)
        #expect(outcome == .answered(try vectors.server.peerID))
        #expect(try client.authorization(at: now) == handshake.steps[4].value)
    }

    @Test func clientInitiated() throws {
        let vectors = try PeerIDAuthVectors.load()
        let steps = try #require(vectors.handshakes.first { $0.flow == "client initiated" }).steps
        var client = try client(vectors, begins: true)
        let first = try client.authorization(at: now)
        #expect(try header(first) == header(steps[0].value))
        #expect(!client.sendsBody)
        #expect(try client.receive(status: 401, challenges: [steps[1].value], info: nil) == .again)
        #expect(client.sendsBody)
        #expect(try header(client.authorization(at: now)) == header(steps[2].value))
        let outcome = try client.receive(status: 200, challenges: [], info: steps[3].value)
        #expect(outcome == .answered(try vectors.server.peerID))
        #expect(client.holdsToken)
    }

    private let now = Timestamp(seconds: 1_700_000_000)

    private func client(_ vectors: PeerIDAuthVectors, begins: Bool) throws -> PeerIDAuthClient {
        PeerIDAuthClient(
            identity: try vectors.client, hostname: vectors.hostname, begins: begins,
            makeChallenge: { [serverChallenge] in serverChallenge })
    }

    private func header(_ text: String?) throws -> PeerIDAuthHeader? {
        try text.flatMap { try PeerIDAuthHeader.read($0) }
    }

    private func adding(_ key: PublicKey, to text: String) throws -> String {
        var header = PeerIDAuthHeader()
        header.publicKey = key.protobuf
        return text + ", " + (try header.text()).dropFirst(PeerIDAuthHeader.scheme.count + 1)
    }
}
