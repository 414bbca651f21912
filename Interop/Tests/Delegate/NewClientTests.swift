import LibP2PBitswap
import LibP2PIdentity
import Multiformats
import Testing

extension RealPeers {
    /// What today's clients ask by Delegated Routing V1, of content and peers that go-libp2p's daemons are.
    @Suite(.timeLimit(.minutes(5)))
    struct NewClientTests {
        private func cid(_ text: String) -> CID { CID(codec: .raw, multihash: .sha256(of: Array(text.utf8))) }

        private func name(_ peer: P2PDaemon) throws -> String { try PeerID(bytes: peer.idBytes).cid.description }

        @Test func theyFindWhatDaemonsProvideAndWhereTheyAre() async throws {
            try await Lab.open { lab in
                let node = try await lab.node()
                let listen = ["/ip4/127.0.0.1/tcp/0", "/ip4/127.0.0.1/udp/0/quic-v1"]
                let daemons = [
                    try await lab.daemon(listen: listen, bootstrap: [try node.address()]),
                    try await lab.daemon(bootstrap: [try node.address()]),
                ]
                try await lab.waitForPeers(2, of: node)
                let content = cid("found by the new")
                for daemon in daemons { try await daemon.provide(content.bytes) }
                let client = try await lab.delegateClient(of: node)
                func providers(_ filters: [String: JSONValue]? = nil) async throws -> [JSONValue] {
                    var arguments: [String: JSONValue] = ["cid": .string("\(content)")]
                    if let filters { arguments["filters"] = .object(filters) }
                    return try await client.call("new_providers", arguments).array ?? []
                }
                try await eventually("both are found") { try await providers().count == 2 ? true : nil }
                _ = try await client.requests()

                let all = try await providers()
                #expect(Set(all.ids) == Set(daemons.map(\.id)))
                for peer in all { #expect(peer["addresses"]?.strings.isEmpty == false) }
                let form = try await client.call("form")
                #expect(form["type"] == "application/x-ndjson")
                #expect(
                    form["caching"] == "public, max-age=300, stale-while-revalidate=172800, stale-if-error=172800")
                let quick = try await providers([
                    "addrs": .array(["quic-v1"]), "protocols": .array(["unknown", "transport-bitswap"]),
                ])
                #expect(quick.ids == [daemons[0].id])
                #expect(quick.first?["addresses"]?.strings.allSatisfy { $0.contains("/quic-v1") } == true)
                let slow = try await providers(["addrs": .array(["!quic-v1", "!quic"])])
                #expect(Set(slow.ids) == Set(daemons.map(\.id)))
                #expect(slow.allSatisfy { $0["addresses"]?.strings.contains { $0.contains("quic") } == false })
                #expect(try await providers(["protocols": .array(["transport-bitswap"])]).isEmpty)
                #expect(
                    try await client.requests() == [
                        "GET /routing/v1/providers/\(content)",
                        "GET /routing/v1/providers/\(content)?filter-addrs=quic-v1&filter-protocols=unknown%2C"
                            + "transport-bitswap",
                        "GET /routing/v1/providers/\(content)?filter-addrs=%21quic-v1%2C%21quic",
                        "GET /routing/v1/providers/\(content)?filter-protocols=transport-bitswap",
                    ])
                let list = try await client.call("new_providers_as_json", ["cid": .string("\(content)")]).array ?? []
                #expect(Set(list.ids) == Set(daemons.map(\.id)))
                #expect(try await client.call("form")["type"] == "application/json")

                // Nothing is an empty stream, good for a moment.
                #expect(try await client.call("new_providers", ["cid": .string("\(cid("nobody's"))")]).array == [])
                #expect(
                    try await client.call("form")["caching"]
                        == "public, max-age=15, stale-while-revalidate=172800, stale-if-error=172800")
                for daemon in daemons {
                    let peers = try await client.call("new_peers", ["cid": .string(try name(daemon))]).array ?? []
                    #expect(peers.ids.contains(daemon.id))
                    #expect(peers.first?["addresses"]?.strings.isEmpty == false)
                    let near =
                        try await client.call("new_closest_peers", ["cid": .string(try name(daemon))]).array ?? []
                    #expect(near.ids.first == daemon.id && Set(near.ids) == Set(daemons.map(\.id)))
                    #expect(near.allSatisfy { $0["addresses"]?.strings.isEmpty == false })
                }
                let near = try await client.call("new_closest_peers", ["cid": .string("\(content)")]).array ?? []
                #expect(Set(near.ids) == Set(daemons.map(\.id)))
                let nobody = try PeerID(bytes: Multihash.sha256(of: [1]).bytes).cid
                #expect(try await client.call("new_peers", ["cid": .string("\(nobody)")]).array == [])
            }
        }

        @Test func recordsOfNamesAreTakenOrderedAndServed() async throws {
            let vectors = try NameVectors.load()
            try await Lab.open { lab in
                let node = try await lab.node()
                let other = try await lab.node(bootstrap: [try node.address()])
                let daemon = try await lab.daemon(bootstrap: [try node.address()])
                try await lab.waitForPeers(2, of: node)
                let client = try await lab.delegateClient(of: node)
                func put(_ record: NameVectors.Record, as name: String? = nil) -> [String: JSONValue] {
                    ["name": .string(name ?? record.name), "record": .string(record.bytes.hexText)]
                }
                for record in vectors.official {
                    #expect(try await client.call("new_get_ipns", ["name": .string(record.name)]) == .null)
                    guard record.isValid else {
                        #expect(try await client.failure(of: "new_put_ipns", put(record)).status == 400)
                        #expect(try await client.call("new_get_ipns", ["name": .string(record.name)]) == .null)
                        continue
                    }
                    // Under a name that is not its own.
                    let foreign = try PeerID(bytes: daemon.idBytes).cid.description
                    #expect(try await client.failure(of: "new_put_ipns", put(record, as: foreign)).status == 400)
                    // Names are written by clients in base 32 and in base 36.
                    let long = try record.peer.cid.description
                    #expect(try await client.call("new_put_ipns", put(record, as: long)) == .bool(true))
                    let got = try await client.call("new_get_ipns", ["name": .string(record.name)])
                    #expect(got["record"]?.string == record.bytes.hexText)
                    let headers = got["headers"]
                    #expect(headers?["content-type"] == "application/vnd.ipfs.ipns-record")
                    #expect(headers?["vary"]?.string?.contains("Accept") == true)
                    #expect(headers?["cache-control"]?.string?.hasPrefix("public, max-age=1800, stale-while") == true)
                    #expect(headers?["expires"] == "Sat, 14 Aug 2123 12:17:03 GMT")
                    #expect(headers?["etag"]?.string?.count == 18)
                    // All of the DHT has it: another node of ours, and go's.
                    let seen = try await lab.waystation(
                        "lookup", "value", "/ipns/\(record.name)", "--bootstrap", try other.address())
                    #expect(seen.status == 0 && !seen.output.isEmpty)
                    #expect(try await daemon.value(record.key) == record.bytes)
                }

                // Newer replaces older and never the other way round.
                let order = [
                    (try vectors.derived("v1+v2 seq1"), true), (try vectors.derived("v2-only seq2"), true),
                    (try vectors.derived("v1+v2 seq1"), false), (try vectors.derived("same seq 2, later"), true),
                    (try vectors.derived("v2-only seq2"), false), (try vectors.derived("expired"), false),
                ]
                var best = order[0].0
                for (record, isTaken) in order {
                    if isTaken {
                        #expect(try await client.call("new_put_ipns", put(record)) == .bool(true))
                        best = record
                    } else {
                        #expect(try await client.failure(of: "new_put_ipns", put(record)).status == 400)
                    }
                    let got = try await client.call("new_get_ipns", ["name": .string(record.name)])
                    #expect(got["record"]?.string == best.bytes.hexText, "\(record.label)")
                }
                #expect(try await daemon.value(best.key) == best.bytes)
                // Too long, by one byte.
                let long: [String: JSONValue] = [
                    "name": .string(best.name), "record": .string(String(repeating: "00", count: 10_241)),
                ]
                #expect(try await client.failure(of: "new_put_ipns", long).status == 400)
            }
        }

        /// Who publishes and goes relies on the node, which may have to start again meanwhile.
        @Test func recordsAndContentArePublishedOnAfterARestart() async throws {
            let record = try #require(try NameVectors.load().official.first { $0.isValid })
            try await Lab.open { lab in
                let folder = lab.path("data")
                // A relay would be told to the DHT too.
                let quiet = ["--disable", "relay"]
                var node = try await lab.node(dataFolder: folder, quiet)
                let port = try node.port()
                let client = try await lab.delegateClient(of: node)
                // There is nobody else who could take it.
                let put: [String: JSONValue] = [
                    "name": .string(record.name), "record": .string(record.bytes.hexText),
                ]
                #expect(try await client.call("new_put_ipns", put) == .bool(true))
                let peer = try await lab.pythonPeer()
                let block = try await peer.offer(Junk(seed: 4).bytes(3000))
                _ = try await peer.call("connect", ["address": .string(try node.address())])
                try await client.call("old_provide", ["cid": .string("\(block.cid)")])
                try await eventually("the provider record is written") {
                    try await HTTPAnswer.get(node.admin, "/metrics").body
                        .contains("waystation_storage_pending_changes 0\n") ? true : nil
                }
                await peer.process.stop()
                try await node.kill()

                node = try await lab.node(dataFolder: folder, port: port, quiet)
                let other = try await lab.node(bootstrap: [try node.address()], quiet)
                try await eventually("another node is told of both", within: .seconds(150)) {
                    let metrics = try await HTTPAnswer.get(other.admin, "/metrics").body
                    return metrics.contains("waystation_dht_values{protocol=\"/ipfs/kad/1.0.0\"} 1\n")
                        && metrics.contains("waystation_dht_provider_records{protocol=\"/ipfs/kad/1.0.0\"} 1\n")
                        ? true : nil
                }
                let again = try await lab.delegateClient(of: node)
                let got = try await again.call("old_block_get", ["cid": .string("\(block.cid)")])
                #expect(got.string == block.data.hexText)
            }
        }
    }
}
