import Foundation
import LibP2PCore
import LibP2PIdentity
import LibP2PKademlia
import LibP2PTesting
import Multiformats
import NIOCore
import Testing

@testable import DelegatedRouting

struct RoutingAPITests {
    private let cid = "bafkreidcd7frenco2m6ch7mny63wztgztv3q6fctaffgowkro6kljre5ei"
    private let peer = "12D3KooWM8sovaEGU1bmiWGWAzvs47DEcXKZZTuJnpQyVTkRs2Vn"
    private var line: String {
        #"{"Schema":"peer","ID":"\#(peer)","Addrs":["/ip4/192.0.2.1/tcp/4001"],"Protocols":[]}"#
    }

    private func record(_ address: String = "/ip4/192.0.2.1/tcp/4001") throws -> RoutingRecord {
        RoutingRecord(id: try PeerID(peer), addresses: [address])
    }

    /// A record of some other peer.
    private func record(_ address: String = "/ip4/192.0.2.1/tcp/4001", of number: Int) throws -> RoutingRecord {
        let hash = Multihash.sha256(of: Array("\(number)".utf8))
        return RoutingRecord(id: try PeerID(bytes: hash.bytes), addresses: [address])
    }

    /// The table of requests in the vectors. Where boxo and the specification differ the specification counts, except
    /// for unknown routes.
    @Test func answersTheRequestsOfTheVectors() throws {
        struct Row: Decodable {
            let req: String
            let accept: String?
            let content_type: String?
            let status: Int?
            let status_spec: Int?
            let status_boxo: Int?
            let cache_control_empty: String?
            let vary: String?
            let headers: [String: String]?
            let content_type_found: String?
        }
        struct Table: Decodable { let requests: [Row] }
        let rows = try (TestVectors.load("delegated-routing") as Table).requests
        var checked = 0
        for row in rows {
            try Simulation.run { simulation in
                let scene = try Scene(simulation)
                let words = row.req.split(separator: " ").map(String.init)
                let name = "k51qzi5uqu5dlkw8pxuw9qmqayfdeh4kfebhmreauqdc6a7c3y7d5i9fi8mk9w"
                let target = words[1].replacing("{name}", with: name)
                let isPut = words[0] == "PUT"
                var headers: [String: String] = [:]
                headers["Accept"] = row.accept
                if isPut { headers["Content-Type"] = row.content_type }
                var body: [UInt8] = []
                if isPut {
                    body = try #require(IPNSVectors.load().official.first { $0.name == name }?.record_hex).bytes
                }
                let answer = try scene.send(words[0], target, headers, body: body)

                var expected = row.status ?? row.status_spec ?? row.status_boxo
                if target.hasSuffix("/nothing") { expected = 404 }
                if words[0] == "OPTIONS" { expected = 204 }
                // Neither has a code for it; this is what the code means.
                if row.accept == "text/html" { expected = 406 }
                #expect(answer.status == expected, "\(row.req) \(row.accept ?? "") \(answer.text)")
                if let type = row.content_type, !isPut { #expect(answer.header("Content-Type") == type, "\(row.req)") }
                if let caching = row.cache_control_empty { #expect(answer.header("Cache-Control") == caching) }
                if let vary = row.vary { #expect(answer.header("Vary") == vary) }
                if row.content_type_found != nil {
                    #expect(answer.header("Content-Type") == "text/plain; charset=utf-8")
                }
                #expect(answer.header("Access-Control-Allow-Origin") == "*")
                if row.headers != nil { #expect(answer.header("Access-Control-Allow-Methods") == "GET, OPTIONS") }
                checked += 1
            }
        }
        #expect(checked == rows.count && checked > 15)
    }

    @Test func listsProviders() throws {
        try Simulation.run { simulation in
            let scene = try Scene(simulation)
            scene.router.set { $0.providers = [try! record()] }
            let answer = try scene.send("GET", "/routing/v1/providers/\(cid)")
            #expect(answer.text == #"{"Providers":[\#(line)]}"#)
            #expect(
                answer.header("Cache-Control")
                    == "public, max-age=300, stale-while-revalidate=172800, stale-if-error=172800")
            #expect(answer.header("Last-Modified") == "Thu, 01 Jan 2026 00:00:01 GMT")
            let empty = try Scene(simulation).send("GET", "/routing/v1/peers/\(peer)")
            #expect(empty.text == #"{"Peers":[]}"#)
        }
    }

    @Test func streamsEachRecordWhenItIsFound() throws {
        try Simulation.run { simulation in
            let scene = try Scene(simulation)
            let records = try (1...3).map { try record("/ip4/192.0.2.\($0)/tcp/4001") }
            scene.router.set { $0.providers = records }
            let answer = try scene.send("GET", "/routing/v1/providers/\(cid)", ["Accept": "application/x-ndjson"])
            #expect(answer.parts.map(\.seconds) == [1, 2, 3])
            #expect(answer.lines == records.map { String(decoding: $0.json, as: UTF8.self) })
            #expect(answer.header("Content-Type") == "application/x-ndjson")
        }
    }

    @Test func aListNamesEachPeerOnce() throws {
        try Simulation.run { simulation in
            let scene = try Scene(simulation)
            let (first, other) = (try record(), try record(of: 1))
            var fuller = first
            fuller.addresses.append("/ip4/192.0.2.2/tcp/4001")
            scene.router.set { $0.providers = [first, other, fuller] }
            let answer = try scene.send("GET", "/routing/v1/providers/\(cid)")
            #expect(answer.text == String(decoding: RecordList.json([fuller, other], .providers), as: UTF8.self))
        }
    }

    @Test func filtersBeforeItCounts() throws {
        try Simulation.run { simulation in
            let scene = try Scene(simulation) { $0.deadline = .seconds(1000) }
            let tcp = try (0..<150).map { try record("/ip4/10.0.0.1/tcp/\($0)", of: $0) }
            let udp = try (0..<150).map { try record("/ip4/10.0.0.1/udp/\($0)/quic-v1", of: 1000 + $0) }
            scene.router.set { $0.providers = tcp + udp }
            let answer = try scene.send("GET", "/routing/v1/providers/\(cid)?filter-addrs=UDP&filter-protocols=unknown")
            #expect(answer.text.components(separatedBy: "Schema").count - 1 == 100)
            #expect(!answer.text.contains("/tcp/"))
            // The search ended with the last record that was wanted.
            simulation.loop.advance(by: .seconds(5))
            #expect(scene.router.now.cancelled == 1)
            for query in [
                "filter-addrs=a&filter-addrs=b", "filter-addrs=" + String(repeating: "a", count: 2000), "x=%ff",
            ] {
                #expect(try scene.send("GET", "/routing/v1/providers/\(cid)?\(query)").status == 422)
            }
        }
    }

    @Test func endsAtItsDeadlineWithWhatItHas() throws {
        try Simulation.run { simulation in
            let scene = try Scene(simulation)
            scene.router.set {
                $0.providers = (0..<10).map { try! record(of: $0) }
                $0.pause = .seconds(12)
            }
            let answer = try scene.send("GET", "/routing/v1/providers/\(cid)")
            #expect(answer.status == 200 && answer.parts.map(\.seconds) == [30])
            #expect(answer.text.components(separatedBy: "Schema").count - 1 == 2)
        }
    }

    @Test func whoLeavesEndsTheSearch() throws {
        try Simulation.run { simulation in
            let scene = try Scene(simulation)
            scene.router.set {
                $0.providers = (0..<10).map { try! record(of: $0) }
                $0.pause = .seconds(2)
            }
            let (delegate, executor) = (scene.delegate, simulation.executor)
            let request = Scene.request(
                "GET", "/routing/v1/providers/\(cid)", ["Accept": "application/x-ndjson"])
            let reader = simulation.begin {
                guard case .stream(let stream) = await delegate.respond(to: request, on: executor).body else { return }
                while case .bytes = await stream.next() {}
            }
            simulation.loop.advance(by: .seconds(5))
            reader.cancel()
            simulation.loop.advance(by: .milliseconds(100))
            #expect(scene.router.now.cancelled == 1)

            // One who leaves before there is anything.
            let early = simulation.begin { _ = await delegate.respond(to: request, on: executor) }
            simulation.loop.advance(by: .seconds(1))
            early.cancel()
            simulation.loop.advance(by: .milliseconds(100))
            #expect(scene.router.now.cancelled == 2)
        }
    }

    @Test func tellsWhatFailed() throws {
        try Simulation.run { simulation in
            let scene = try Scene(simulation)
            scene.router.set { $0.failure = RoutingError(.unavailable, "there is nobody to ask") }
            #expect(try scene.send("GET", "/routing/v1/providers/\(cid)").status == 503)
            scene.router.set { $0.failure = RoutingError(.busy, "too many") }
            let busy = try scene.send("GET", "/routing/v1/providers/\(cid)", ["Accept": "application/x-ndjson"])
            #expect(busy.status == 429 && busy.header("Retry-After") == "1")
            scene.router.set { $0.failure = RoutingError(.notFound, "none") }
            #expect(try scene.send("GET", "/routing/v1/providers/\(cid)").text == #"{"Providers":[]}"#)
        }
    }

    @Test func servesAndTakesIPNSRecords() throws {
        let type = "application/vnd.ipfs.ipns-record"
        let vectors = try IPNSVectors.load()
        for row in vectors.official + vectors.derived {
            guard let record = row.record_hex?.bytes else { continue }
            try Simulation.run { simulation in
                let scene = try Scene(simulation)
                let path = "/routing/v1/ipns/\(row.name)"
                let put = try scene.send("PUT", path, ["Content-Type": type], body: record)
                #expect(put.status == (row.expect == "valid" ? 200 : 400), "\(row.label ?? row.name) \(put.text)")
                let got = try scene.send("GET", path)
                #expect(got.status == 200)
                if row.expect == "valid" {
                    #expect(scene.router.now.values.values.first == record)
                    #expect(got.header("Content-Type") == type)
                    #expect(got.header("Etag") != nil && got.header("Expires") != nil)
                    let tag = try #require(got.header("Etag"))
                    #expect(try scene.send("GET", path, ["If-None-Match": tag]).status == 304)
                } else {
                    #expect(scene.router.now.values.isEmpty)
                    #expect(got.header("Content-Type") == "text/plain; charset=utf-8")
                    #expect(got.header("Cache-Control")?.contains("max-age=15,") == true)
                }
                // Another's name.
                let other = try simulation.makeIdentity().peerID.cid.text(in: .base36)
                let foreign = try scene.send(
                    "PUT", "/routing/v1/ipns/\(other)", ["Content-Type": type], body: record)
                #expect(foreign.status == 400)
            }
        }
    }

    @Test func aRecordThatTheRouterGotWrongIsNotServed() throws {
        try Simulation.run { simulation in
            let scene = try Scene(simulation)
            let row = try #require(try IPNSVectors.load().official.first { $0.expect == "invalid" })
            let name = try PathKey.name(row.name)
            scene.router.set { $0.values[RoutingAPI.routingKey(name)] = row.record_hex?.bytes ?? [] }
            #expect(
                try scene.send("GET", "/routing/v1/ipns/\(row.name)").header("Content-Type")
                    == "text/plain; charset=utf-8")
        }
    }

    @Test func publishingCanBeClosedOrKept() throws {
        try Simulation.run { simulation in
            let row = try #require(try IPNSVectors.load().official.first { $0.expect == "valid" })
            let headers = ["Content-Type": "application/vnd.ipfs.ipns-record"]
            let body = try #require(row.record_hex?.bytes)
            let path = "/routing/v1/ipns/\(row.name)"
            let closed = try Scene(simulation) { $0.allowsPut = false }
            #expect(try closed.send("PUT", path, headers, body: body).status == 403)
            let kept = try Scene(simulation) { $0.token = "s3cret" }
            #expect(try kept.send("PUT", path, headers, body: body).status == 403)
            let wrong = headers.merging(["Authorization": "Bearer s3creT"]) { $1 }
            #expect(try kept.send("PUT", path, wrong, body: body).status == 403)
            let right = headers.merging(["Authorization": "Bearer s3cret"]) { $1 }
            #expect(try kept.send("PUT", path, right, body: body).status == 200)
        }
    }
}
