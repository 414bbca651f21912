import LibP2PCore
import LibP2PHTTP
import LibP2PIdentity
import LibP2PTesting
import Testing

@testable import DelegatedRouting

@Suite("Peers that may publish")
struct PeerGateTests {
    private let target =
        "/api/v0/swarm/connect?arg=/ip4/127.0.0.1/tcp/4001/p2p/12D3KooWATZi2wFwQxQ14Z3q24TDNWKap6f8W5ryLE6Da4RMfsxy"

    /// A scene where one peer may, and that peer's key.
    private func scene(_ simulation: Simulation, token: String? = nil) throws -> (Scene, PrivateKey) {
        let peer = try PrivateKey.generate()
        let server = PeerIDAuthServer(identity: try simulation.makeIdentity()) { $0 == "delegate.example" }
        let scene = try Scene(simulation, gate: PeerGate(peers: [peer.peerID], server: server)) { $0.token = token }
        return (scene, peer)
    }

    /// Walks the handshake; the last answer.
    private func connect(
        _ scene: Scene, as identity: PrivateKey, host: String = "delegate.example", begins: Bool = true
    ) throws -> (Scene.Answer, PeerIDAuthClient) {
        var client = PeerIDAuthClient(identity: identity, hostname: host, begins: begins)
        while true {
            let headers = try client.authorization(at: scene.simulation.clock.now).map { ["Authorization": $0] } ?? [:]
            let answer = try scene.send("POST", target, headers, host: host)
            let outcome = try client.receive(
                status: answer.status, challenges: [answer.header("WWW-Authenticate")].compactMap { $0 },
                info: answer.header("Authentication-Info"))
            if outcome != .again { return (answer, client) }
        }
    }

    @Test(arguments: [true, false])
    func aPeerPassesAndKeepsItsToken(begins: Bool) throws {
        try Simulation.run { simulation in
            let (scene, peer) = try scene(simulation)
            var (answer, client) = try connect(scene, as: peer, begins: begins)
            #expect(answer.status == 200)
            #expect(scene.node.dialled.count == 1)
            #expect(answer.header("Access-Control-Expose-Headers")?.contains("Authentication-Info") == true)
            #expect(client.holdsToken)
            let token = try #require(try client.authorization(at: simulation.clock.now))
            let again = try scene.send("POST", target, ["Authorization": token], host: "delegate.example")
            #expect(again.status == 200)
            #expect(again.header("Authentication-Info") == nil)
        }
    }

    @Test func strangersAreChallengedOrRefused() throws {
        try Simulation.run { simulation in
            let (scene, peer) = try scene(simulation, token: "s3cret-token")
            let bare = try scene.send("POST", target, [:], host: "delegate.example")
            #expect(bare.status == 401)
            #expect(bare.header("WWW-Authenticate")?.hasPrefix("libp2p-PeerID challenge-client=") == true)
            let (other, _) = try connect(scene, as: try PrivateKey.generate())
            #expect(other.status == 403)
            // A name that is not the node's, under which somebody may have lured the peer.
            let (lured, _) = try connect(scene, as: peer, host: "evil.example")
            #expect(lured.status == 403)
            #expect(scene.node.dialled.isEmpty)
            // The token stays good, a wrong one is a challenge, and what is open stays open.
            let token = ["Authorization": "Bearer s3cret-token"]
            #expect(try scene.send("POST", target, token, host: "delegate.example").status == 200)
            let wrong = ["Authorization": "Bearer s3cret-tokem"]
            #expect(try scene.send("POST", target, wrong, host: "delegate.example").status == 401)
            #expect(try scene.send("POST", "/api/v0/version").status == 200)
        }
    }
}
