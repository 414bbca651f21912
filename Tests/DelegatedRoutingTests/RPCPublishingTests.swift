import LibP2PBitswap
import LibP2PCore
import LibP2PIdentity
import LibP2PTesting
import Multiformats
import Testing

@testable import DelegatedRouting

/// How clients of 2020 publish, and what of addresses they are told.
struct RPCPublishingTests {
    private let cid = "bafkreidcd7frenco2m6ch7mny63wztgztv3q6fctaffgowkro6kljre5ei"
    private let peer = "12D3KooWM8sovaEGU1bmiWGWAzvs47DEcXKZZTuJnpQyVTkRs2Vn"

    /// The content routing module of 2020 calls nothing else.
    @Test(arguments: ["recursive=false", "r=true", ""]) func refsPublishTheirRoot(_ options: String) throws {
        try Simulation.run { simulation in
            let blocks = [try Block([1]), try Block([2])]
            let scene = try Scene(simulation, blocks: blocks)
            #expect(try scene.send("POST", "/api/v0/refs?\(options)&arg=\(blocks[0].cid)").status == 200)
            #expect(scene.router.now.begun == [blocks[0].cid])
            _ = try scene.send("POST", "/api/v0/refs?\(options)&arg=\(blocks[1].cid)&arg=\(blocks[0].cid)")
            #expect(scene.router.now.begun == [blocks[0].cid, blocks[1].cid, blocks[0].cid])
            // Nothing else publishes by itself.
            for route in ["block/stat", "block/get"] {
                #expect(try scene.send("POST", "/api/v0/\(route)?arg=\(blocks[0].cid)").status == 200)
            }
            #expect(scene.router.now.begun.count == 3 && scene.router.now.provided.isEmpty)
        }
    }

    @Test func whatCannotBeHadIsNotPublished() throws {
        try Simulation.run { simulation in
            let (here, missing) = (try Block([1]), try Block([2]))
            let scene = try Scene(simulation, blocks: [here])
            #expect(try scene.send("POST", "/api/v0/refs?arg=\(missing.cid)").status == 500)
            #expect(try scene.send("POST", "/api/v0/refs?arg=\(here.cid)&arg=\(missing.cid)").status == 500)
            #expect(scene.router.now.begun.isEmpty)
        }
    }

    @Test func whatIsInItsOwnNameNeedsNoProvider() throws {
        try Simulation.run { simulation in
            let name = try CID("bafkqablimvwgy3y")
            let block = try #require(Block(inlinedIn: name))
            let scene = try Scene(simulation, blocks: [block])
            #expect(try scene.send("POST", "/api/v0/refs?arg=\(name)").status == 200)
            #expect(scene.router.now.begun.isEmpty)
        }
    }

    @Test func refsOfWhoMayNotPublishAreRefsOnly() throws {
        try Simulation.run { simulation in
            let block = try Block([1])
            let closed = try Scene(simulation, blocks: [block]) { $0.allowsProvide = false }
            #expect(try closed.send("POST", "/api/v0/refs?arg=\(block.cid)").status == 200)
            #expect(closed.router.now.begun.isEmpty)
            let kept = try Scene(simulation, blocks: [block]) { $0.token = "s3cret" }
            #expect(try kept.send("POST", "/api/v0/refs?arg=\(block.cid)").status == 200)
            #expect(kept.router.now.begun.isEmpty)
            let headers = ["Authorization": "Bearer s3cret"]
            #expect(try kept.send("POST", "/api/v0/refs?arg=\(block.cid)", headers).status == 200)
            #expect(kept.router.now.begun == [block.cid])
        }
    }

    @Test func takesSeveralWhereKuboDoes() throws {
        try Simulation.run { simulation in
            let blocks = [try Block([1]), try Block([2])]
            let scene = try Scene(simulation, blocks: blocks)
            scene.router.set { $0.takers = [try! PeerID(peer)] }
            for block in blocks { _ = try scene.send("POST", "/api/v0/block/stat?arg=\(block.cid)") }
            let both = try scene.send("POST", "/api/v0/dht/provide?arg=\(blocks[0].cid)&arg=\(blocks[1].cid)")
            #expect(both.lines.count == 2 && scene.router.now.provided == blocks.map(\.cid))
            // One that is not there, and nothing is published.
            let other = try scene.send("POST", "/api/v0/dht/provide?arg=\(blocks[0].cid)&arg=\(cid)")
            #expect(other.status == 500 && scene.router.now.provided.count == 2)
            let addresses = (1...2).map { "/ip4/192.0.2.\($0)/tcp/4001/p2p/\(peer)" }
            let query = addresses.map { "arg=\($0)" }.joined(separator: "&")
            let connect = try scene.send("POST", "/api/v0/swarm/connect?\(query)")
            #expect(connect.lines == [#"{"Strings":["connect \#(peer) success","connect \#(peer) success"]}"#])
            #expect(scene.node.dialled.map(\.description) == addresses)
            for route in ["swarm/connect", "refs", "dht/provide"] {
                let many = Array(repeating: "arg=\(route.hasPrefix("s") ? addresses[0] : cid)", count: 17)
                #expect(try scene.send("POST", "/api/v0/\(route)?\(many.joined(separator: "&"))").status == 400)
                #expect(try scene.send("POST", "/api/v0/\(route)?arg=\(cid)&arg=").status == 400)
            }
        }
    }

    /// One address that it does not know, and a client of 2020 loses the whole answer.
    @Test func oldRoutesTellOfAddressesThatOldClientsRead() throws {
        try Simulation.run { simulation in
            let scene = try Scene(simulation)
            let (old, new) = (
                ["/ip4/192.0.2.1/tcp/4001", "/dns4/a.example/tcp/443/wss"],
                ["/ip4/192.0.2.1/udp/4001/quic-v1", "/dns4/a.example/tcp/443/tls/ws", "/unheard/of"]
            )
            let id = try PeerID(peer)
            let record = RoutingRecord(id: id, addresses: [new[0], old[0], new[1], old[1], new[2]])
            let unreadable = RoutingRecord(id: id, addresses: [new[0]])
            scene.router.set {
                $0.providers = [record, unreadable]
                $0.peers = [id: [unreadable, record]]
                $0.steps = [QueryEvent(.peerResponse, id: id, responses: [record])]
            }
            func addresses(_ target: String) throws -> [[String]] {
                try scene.send("POST", "/api/v0/\(target)").lines.compactMap { line in
                    guard case .object(let event) = try JSONReader.value(of: Array(line.utf8)),
                        case .array(let responses) = event["Responses"]
                    else { return nil }
                    return responses.flatMap { response -> [String] in
                        guard case .object(let members) = response else { return [] }
                        return members["Addrs"]?.strings ?? []
                    }
                }
            }
            #expect(try addresses("dht/findprovs?arg=\(cid)") == [old, []])
            #expect(try addresses("dht/findpeer?arg=\(peer)") == [old])
            #expect(try addresses("dht/query?arg=\(peer)") == [old])
            #expect(try addresses("routing/findprovs?arg=\(cid)") == [record.addresses, unreadable.addresses])
            #expect(try addresses("routing/findpeer?arg=\(peer)") == [unreadable.addresses])
            // Whose addresses it cannot read, it cannot find.
            scene.router.set { $0.peers = [id: [unreadable]] }
            let none = try scene.send("POST", "/api/v0/dht/findpeer?arg=\(peer)")
            #expect(none.status == 500 && none.text.contains("not found"))
        }
    }

    @Test func whatTakesTooLongToPublishIsSaidSo() throws {
        try Simulation.run { simulation in
            let scene = try Scene(simulation)
            scene.router.set { $0.valuePause = .seconds(60) }
            let name = "k51qzi5uqu5dlkw8pxuw9qmqayfdeh4kfebhmreauqdc6a7c3y7d5i9fi8mk9w"
            #expect(try scene.send("GET", "/routing/v1/ipns/\(name)").status == 504)
            let late = try scene.send("POST", "/api/v0/dht/get?arg=/ipns/\(peer)&timeout=2s")
            #expect(late.status == 500 && late.text.contains("context deadline exceeded"))
        }
    }
}
