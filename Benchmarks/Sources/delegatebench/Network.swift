import LibP2PIdentity
import LibP2PKademlia
import MeasuredNode
import Measuring
import Multiformats
import Neighbourhood

/// The network around the node under measurement.
struct Network: Sendable {
    let node: MeasuredNode
    /// The node's front door, such as `http://127.0.0.1:8080`.
    let url: String
    let neighbours: [Neighbour]

    /// Peers that join through the node, until it knows them.
    static func join(_ node: MeasuredNode, count: Int) async throws -> Network {
        let address = try Multiaddr(node.place("listening"))
        var neighbours: [Neighbour] = []
        for _ in 0..<count { neighbours.append(try await Neighbour.join([address])) }
        let network = Network(node: node, url: try node.place("http"), neighbours: neighbours)
        // A network that was just made knows little of itself: each peer looks around until all find the same ones.
        for round in 0..<20 {
            let key = Multihash.sha256(of: Array("looking around \(round)".utf8)).bytes
            var answers: Set<[PeerID]> = []
            for neighbour in neighbours {
                answers.insert((try? await neighbour.table.closestPeers(to: key).prefix(10).map(\.id)) ?? [])
            }
            // Who is among them does not find himself.
            if answers.count <= 11 { break }
        }
        return network
    }

    /// Some content that one of the peers provides.
    func provide(_ name: String, by number: Int) async throws -> CID {
        let cid = CID(codec: .raw, multihash: .sha256(of: Array(name.utf8)))
        let provider = neighbours[number % neighbours.count]
        _ = try await provider.table.provide(cid.multihash.bytes)
        // Nobody confirms what he was told.
        try await provider.host.home.sleep(for: .milliseconds(20))
        return cid
    }

    func leave() async {
        for neighbour in neighbours { await neighbour.leave() }
    }
}
