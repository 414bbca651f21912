import Foundation
import HTTPTypes
import LibP2PBitswap
import LibP2PCore
import LibP2PIdentity
import LibP2PTesting
import Multiformats
import NIOCore
import Testing
import Wire

@testable import DelegatedRouting

struct RPCAPITests {
    private let cid = "bafkreidcd7frenco2m6ch7mny63wztgztv3q6fctaffgowkro6kljre5ei"
    private let peer = "12D3KooWM8sovaEGU1bmiWGWAzvs47DEcXKZZTuJnpQyVTkRs2Vn"

    private func record() throws -> RoutingRecord {
        RoutingRecord(id: try PeerID(peer), addresses: ["/ip4/192.0.2.1/tcp/4001"])
    }

    /// A dag-pb node with links to some blocks.
    private func node(_ children: [Block]) throws -> Block {
        var writer = ProtobufWriter()
        for (index, child) in children.enumerated() {
            writer.message(2) { link in
                link.bytes(1, child.cid.bytes)
                link.string(2, "part\(index)")
            }
        }
        return try Block(Array(writer.finish().readableBytesView), codec: .dagPB)
    }

    @Test(arguments: ["dht", "routing"]) func findsProvidersAndPeers(_ family: String) throws {
        let vectors = try RPCVectors.load()
        try Simulation.run { simulation in
            let scene = try Scene(simulation)
            scene.router.set {
                $0.providers = (0..<30).map { _ in try! record() }
                $0.peers = [try! PeerID(peer): [try! record()]]
            }
            let found = try scene.send("POST", "/api/v0/\(family)/findprovs?timeout=30000ms&arg=\(cid)")
            #expect(found.status == 200)
            #expect(found.lines == Array(repeating: try #require(vectors.lines["findprovs_provider"]), count: 20))
            // Each line leaves when it is there.
            #expect(found.parts.map(\.seconds) == (1...20).map { Int64($0) })
            #expect(found.header("X-Chunked-Output") == "1" && found.header("Trailer") == "X-Stream-Error")
            #expect(found.header("Content-Type") == "application/json")
            let few = try scene.send("POST", "/api/v0/\(family)/findprovs?arg=\(cid)&num-providers=3")
            #expect(few.lines.count == 3)
            let here = try scene.send("POST", "/api/v0/\(family)/findpeer?timeout=30000ms&arg=\(peer)")
            #expect(here.lines == [try #require(vectors.lines["findpeer_final"])])
        }
    }

    @Test func aPeerThatIsNotFoundIsAnError() throws {
        try Simulation.run { simulation in
            let scene = try Scene(simulation)
            let answer = try scene.send("POST", "/api/v0/dht/findpeer?arg=\(peer)")
            #expect(answer.status == 500)
            // js takes these two words for "undefined".
            #expect(answer.text == "{\"Message\":\"routing: not found\",\"Code\":0,\"Type\":\"error\"}\n")
            #expect(try scene.send("POST", "/api/v0/dht/findpeer?arg=\(scene.node.profile.id)").status == 400)
        }
    }

    @Test func tellsOfAQueryWithAnIDInEveryLine() throws {
        let vectors = try RPCVectors.load()
        try Simulation.run { simulation in
            let scene = try Scene(simulation)
            scene.router.set {
                let id = try! PeerID(peer)
                $0.steps = [QueryEvent(.peerResponse, id: id, responses: [try! record()]), QueryEvent(.addingPeer)]
                $0.closest = [try! record()]
            }
            for argument in [cid, peer] {
                let answer = try scene.send("POST", "/api/v0/dht/query?timeout=30000ms&arg=\(argument)")
                #expect(answer.lines == [vectors.lines["query_closer"], vectors.lines["query_final"]])
            }
        }
    }

    @Test func errorsBeforeAndAfterTheFirstLine() throws {
        try Simulation.run { simulation in
            let scene = try Scene(simulation)
            scene.router.set { $0.failure = RoutingError(.unavailable, "nobody\nto ask") }
            let early = try scene.send("POST", "/api/v0/dht/findprovs?arg=\(cid)")
            #expect(early.status == 500 && early.text.contains("\"Type\":\"error\""))
            scene.router.set { $0.providers = [try! record()] }
            let late = try scene.send("POST", "/api/v0/dht/findprovs?arg=\(cid)")
            #expect(late.status == 200 && late.lines.count == 1)
            #expect(late.trailers?.first?.name.rawName == "X-Stream-Error")
            #expect(late.trailers?.first?.value == "nobody to ask")
            scene.router.set { $0.failure = RoutingError(.busy, "too many") }
            scene.router.set { $0.providers = [] }
            #expect(try scene.send("POST", "/api/v0/dht/findprovs?arg=\(cid)").status == 429)
        }
    }

    @Test func putsAndGetsValues() throws {
        try Simulation.run { simulation in
            let scene = try Scene(simulation)
            scene.router.set { $0.takers = [try! PeerID(peer)] }
            let body = "--xyz\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\nvalue\r\n--xyz--\r\n"
            let put = try scene.send(
                "POST", "/api/v0/dht/put?arg=/ipns/\(peer)", ["Content-Type": "multipart/form-data; boundary=xyz"],
                body: Array(body.utf8))
            #expect(put.lines == [try #require(RPCVectors.load().lines["put_value"])])
            let got = try scene.send("POST", "/api/v0/routing/get?arg=%2Fipns%2F\(peer)")
            #expect(got.lines == [try #require(RPCVectors.load().lines["get_value"])])
            #expect(try scene.send("POST", "/api/v0/dht/get?arg=/pk/\(peer)").status == 500)
            #expect(try scene.send("POST", "/api/v0/dht/get?arg=/example/x").status == 400)
            #expect(try scene.send("POST", "/api/v0/dht/put?arg=/ipns/\(peer)").status == 400)
        }
    }

    @Test func providesWhatItHas() throws {
        try Simulation.run { simulation in
            let block = try Block(Array("hello".utf8))
            let scene = try Scene(simulation, blocks: [block])
            scene.router.set { $0.takers = [try! PeerID(peer)] }
            let before = try scene.send("POST", "/api/v0/dht/provide?arg=\(block.cid)")
            #expect(before.status == 500)
            #expect(before.text.contains("block \(block.cid) not found locally, cannot provide"))
            #expect(scene.router.now.provided.isEmpty)

            let stat = try scene.send("POST", "/api/v0/block/stat?arg=\(block.cid)")
            #expect(stat.lines == [#"{"Key":"\#(block.cid)","Size":5}"#])
            let after = try scene.send("POST", "/api/v0/dht/provide?arg=\(block.cid)")
            #expect(after.lines == [try #require(RPCVectors.load().lines["query_final"])])
            #expect(scene.router.now.provided == [block.cid])

            let closed = try Scene(simulation, blocks: [block]) { $0.allowsProvide = false }
            #expect(try closed.send("POST", "/api/v0/dht/provide?arg=\(block.cid)").status == 403)
        }
    }

    @Test func refsHaveTheBlocksFetched() throws {
        try Simulation.run { simulation in
            let leaves = try (1...20).map { try Block([$0]) }
            let root = try node(leaves)
            let scene = try Scene(simulation, blocks: leaves + [root])
            let shallow = try scene.send("POST", "/api/v0/refs?recursive=false&arg=\(root.cid)")
            #expect(shallow.lines == leaves.map { #"{"Ref":"\#($0.cid)","Err":""}"# })
            #expect(shallow.parts.last?.seconds == 1)
            #expect(try scene.send("POST", "/api/v0/block/stat?arg=\(leaves[0].cid)&offline=true").status == 500)
            let deep = try scene.send("POST", "/api/v0/refs?r=true&arg=\(root.cid)")
            #expect(deep.lines == shallow.lines)
            // Several at a time: one after another they would take 20 seconds.
            #expect(deep.parts.last.map { $0.seconds <= 4 } == true)
            #expect(try scene.send("POST", "/api/v0/block/stat?arg=\(leaves[19].cid)&offline=true").status == 200)
            // Nothing below it is success too.
            let leaf = try scene.send("POST", "/api/v0/refs?recursive=false&arg=\(leaves[0].cid)")
            #expect(leaf.status == 200 && leaf.text.isEmpty)
            let edges = try scene.send("POST", "/api/v0/refs?edges=true&arg=/ipfs/\(root.cid)")
            #expect(edges.lines.first == #"{"Ref":"\#(root.cid) -> \#(leaves[0].cid)","Err":""}"#)
            let path = try scene.send("POST", "/api/v0/block/get?arg=/ipfs/\(root.cid)/part4")
            #expect(path.response.body.bytes == leaves[4].data)
            #expect(path.header("X-Stream-Output") == "1" && path.header("Content-Type") == "application/vnd.ipld.raw")
            #expect(try scene.send("POST", "/api/v0/block/get?arg=/ipfs/\(root.cid)/nothing").status == 500)
            #expect(try scene.send("POST", "/api/v0/refs?arg=/ipns/\(peer)").status == 400)
        }
    }

    @Test func aMissingBlockEndsAWalkWithAnError() throws {
        try Simulation.run { simulation in
            let (here, missing) = (try Block([1]), try Block([2]))
            let root = try node([here, missing])
            let scene = try Scene(simulation, blocks: [here, root])
            let answer = try scene.send("POST", "/api/v0/refs?r=true&arg=\(root.cid)")
            #expect(answer.status == 200 && answer.lines.count == 3)
            #expect(answer.lines.last?.contains(#""Ref":"","Err":"no peer has"#) == true)
            #expect(try scene.send("POST", "/api/v0/refs?r=true&arg=\(missing.cid)").status == 500)
        }
    }

    @Test func tellsOfTheNode() throws {
        try Simulation.run { simulation in
            let scene = try Scene(simulation)
            let id = try scene.send("POST", "/api/v0/id")
            let members = try #require(try JSONSerialization.jsonObject(with: Data(id.text.utf8)) as? [String: Any])
            #expect(members["ID"] as? String == scene.node.profile.id.description)
            #expect(members["PublicKey"] as? String == "CAESAA==")
            #expect((members["Addresses"] as? [String])?.count == 1)
            #expect(try scene.send("POST", "/api/v0/id?arg=\(peer)").status == 400)
            #expect(try scene.send("POST", "/api/v0/version").text.hasPrefix(#"{"Version":"1.2.3","#))
            #expect(
                try scene.send("POST", "/api/v0/swarm/peers").text.contains(
                    #"{"Addr":"/ip4/192.0.2.8/tcp/4001","Peer":"#))
            let address = "/ip4/192.0.2.1/tcp/4001/p2p/\(peer)"
            let connect = try scene.send("POST", "/api/v0/swarm/connect?arg=\(address)")
            #expect(connect.lines == [try #require(RPCVectors.load().lines["swarm_connect"])])
            #expect(scene.node.dialled.map(\.description) == [address])
            #expect(try scene.send("POST", "/api/v0/swarm/connect?arg=/ip4/192.0.2.1/tcp/4001").status == 400)
            let closed = try Scene(simulation) { $0.allowsConnect = false }
            #expect(try closed.send("POST", "/api/v0/swarm/connect?arg=\(address)").status == 403)
            #expect(closed.node.dialled.isEmpty)
        }
    }

    @Test func servesItsRoutesByPostOnly() throws {
        try Simulation.run { simulation in
            let scene = try Scene(simulation)
            for path in ["add", "cat", "config/show", "dht", "repo/gc", "key/list", "", "..", "dht/findprovs/x", "%zz"]
            {
                let answer = try scene.send("POST", "/api/v0/\(path)")
                #expect(answer.status == 404 && answer.text == "404 page not found\n", "\(path)")
                // A page can tell it from a node that is not there.
                #expect(answer.header("Access-Control-Allow-Origin") == "*")
            }
            let get = try scene.send("GET", "/api/v0/version")
            #expect(get.status == 405 && get.text == "405 - Method Not Allowed\n")
            #expect(get.header("Allow") == "OPTIONS, POST")
            let preflight = try scene.send("OPTIONS", "/api/v0/dht/findprovs", ["Origin": "https://a.example"])
            #expect(preflight.status == 204 && preflight.header("Access-Control-Allow-Methods") == "POST, OPTIONS")
            #expect(preflight.header("Access-Control-Allow-Origin") == "*")
            // A browser, which any page may have open.
            #expect(try scene.send("POST", "/api/v0/version", ["User-Agent": "Mozilla/5.0"]).status == 200)
        }
    }

    @Test func keepsToTheOriginsItIsGiven() throws {
        try Simulation.run { simulation in
            let scene = try Scene(simulation) { $0.allowedOrigins = ["https://a.example"] }
            func status(_ headers: [String: String]) throws -> Int {
                try scene.send("POST", "/api/v0/version", headers).status
            }
            #expect(try status(["Origin": "https://a.example"]) == 200)
            #expect(try status(["Origin": "https://b.example"]) == 403)
            #expect(try status(["Referer": "https://a.example/page"]) == 200)
            #expect(try status(["Referer": "https://a.example.evil/"]) == 403)
            #expect(try status(["User-Agent": "Mozilla/5.0"]) == 403)
            #expect(try status(["User-Agent": "Mozilla/5.0 Electron/9"]) == 200)
            #expect(try status(["User-Agent": "curl/8"]) == 200)
            let answer = try scene.send("POST", "/api/v0/version", ["Origin": "https://a.example"])
            #expect(answer.header("Access-Control-Allow-Origin") == "https://a.example")
            #expect(
                try scene.send("POST", "/api/v0/version", ["Origin": "https://b.example"]).text == "403 - Forbidden\n")
            let nothing = try scene.send("POST", "/api/v0/add", ["Origin": "https://b.example"])
            #expect(nothing.status == 404 && nothing.header("Access-Control-Allow-Origin") == nil)
        }
    }

    @Test(arguments: [
        "dht/findprovs", "dht/findprovs?arg=x", "dht/findprovs?arg=\(String(repeating: "a", count: 9000))",
        "dht/findprovs?arg=a&arg=b",
        "dht/findprovs?arg=bafkreidcd7frenco2m6ch7mny63wztgztv3q6fctaffgowkro6kljre5ei&n=0",
        "dht/findpeer?arg=x", "dht/query?arg=x", "dht/provide?arg=x", "dht/get?arg=x", "dht/put?arg=x",
        "refs?arg=x", "refs?arg=/", "refs", "refs?arg=/ipfs/&r=maybe", "block/stat", "block/get?arg=x",
        "swarm/connect", "version?timeout=never", "id?arg=x", "version?timeout=1s&timeout=2s",
    ])
    func refusesWhatItCannotRead(_ target: String) throws {
        try Simulation.run { simulation in
            let answer = try Scene(simulation).send("POST", "/api/v0/\(target)")
            #expect(answer.status == 400, "\(answer.text)")
            #expect(answer.text.contains("\"Code\":1,\"Type\":\"error\"}\n"))
        }
    }

    @Test func takesAClientsOwnTimeLimit() throws {
        try Simulation.run { simulation in
            let scene = try Scene(simulation)
            scene.router.set {
                $0.providers = (0..<10).map { _ in try! record() }
                $0.pause = .seconds(2)
            }
            let answer = try scene.send("POST", "/api/v0/dht/findprovs?arg=\(cid)&timeout=5s")
            #expect(answer.status == 200 && answer.lines.count == 2)
        }
    }

    @Test func readsMultipartForms() throws {
        func part(_ text: String, _ type: String?) throws -> [UInt8] {
            try MultipartForm.onlyPart(ByteBuffer(string: text), type: type)
        }
        #expect(try part("raw", nil) == Array("raw".utf8))
        let form = "multipart/form-data; boundary=\"b\""
        #expect(try part("--b\r\nA: b\r\n\r\nx\r\ny\r\n--b--", form) == Array("x\r\ny".utf8))
        #expect(try part("--b\r\nA: b\r\n\r\n\r\n--b--", form) == [])
        for text in ["", "--b", "--b\r\n\r\nx", "--b\r\n\r\nx\r\n--b\r\n\r\ny\r\n--b--", "--c\r\n\r\nx\r\n--c--"] {
            #expect(throws: RoutingError(.badInput, ""), "\(text)") { try part(text, form) }
        }
        #expect(throws: RoutingError(.badInput, "")) { try part("--\r\n\r\n\r\n----", "multipart/form-data") }
    }
}

extension DelegateResponse.Body {
    var bytes: [UInt8]? {
        guard case .bytes(let bytes) = self else { return nil }
        return [UInt8](bytes.readableBytesView)
    }
}
