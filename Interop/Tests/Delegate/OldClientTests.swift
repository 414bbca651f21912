import LibP2PIdentity
import Multiformats
import Testing

extension RealPeers {
    /// What clients of 2020 ask, of content and peers that go-libp2p's daemons are. Every line is read as those do.
    @Suite(.timeLimit(.minutes(5)))
    struct OldClientTests {
        private func cid(_ text: String) -> CID { CID(codec: .raw, multihash: .sha256(of: Array(text.utf8))) }

        @Test(arguments: [false, true])
        func theyFindWhatDaemonsProvideAndWhereTheyAre(inABrowser: Bool) async throws {
            try await Lab.open { lab in
                let node = try await lab.node()
                // With addresses that nobody knew in 2020.
                let listen = ["/ip4/127.0.0.1/tcp/0", "/ip4/127.0.0.1/udp/0/quic-v1"]
                let daemons = [
                    try await lab.daemon(listen: listen, bootstrap: [try node.address()]),
                    try await lab.daemon(bootstrap: [try node.address()]),
                ]
                try await lab.waitForPeers(2, of: node)
                let content = cid("found by the old")
                for daemon in daemons { try await daemon.provide(content.bytes) }
                let client = try await lab.delegateClient(of: node, browser: inABrowser)

                let found = try await eventually("both are found") { () -> [JSONValue]? in
                    let fresh = cid("fresh")
                    _ = try await client.call("old_find_providers", ["cid": .string("\(fresh)")])
                    let found = try await client.call("old_find_providers", ["cid": .string("\(content)")]).array ?? []
                    return found.count == 2 ? found : nil
                }
                #expect(Set(found.ids) == Set(daemons.map(\.id)))
                for peer in found { #expect(peer["multiaddrs"]?.strings.isEmpty == false) }
                _ = try await client.requests()

                let one = try await client.call("old_find_providers", ["cid": .string("\(content)"), "count": 1])
                #expect(one.array?.count == 1)
                for daemon in daemons {
                    let peer = try await client.call("old_find_peer", ["peer": .string(daemon.id)])
                    #expect(peer["multiaddrs"]?.strings.contains { $0.contains("/tcp/") } == true)
                }
                // "Not found" is no error to them.
                let nobody = try PeerID(bytes: Multihash.sha256(of: [1]).bytes)
                #expect(try await client.call("old_find_peer", ["peer": .string("\(nobody)")]) == .null)
                #expect(
                    try await client.requests() == [
                        "POST /api/v0/dht/findprovs?num-providers=1&timeout=30000ms&arg=\(content)",
                        "POST /api/v0/dht/findpeer?timeout=30000ms&arg=\(daemons[0].id)",
                        "POST /api/v0/dht/findpeer?timeout=30000ms&arg=\(daemons[1].id)",
                        "POST /api/v0/dht/findpeer?timeout=30000ms&arg=\(nobody)",
                    ])

                // The nearest to a peer are first of all itself.
                for (key, text) in [
                    (daemons[0].idBytes, daemons[0].id), (nobody.bytes, "\(nobody)"),
                ] {
                    let near = try await client.call("old_closest_peers", ["key": .string(key.hexText)]).array ?? []
                    #expect(Set(near.ids) == Set(daemons.map(\.id)))
                    for peer in near { #expect(peer["multiaddrs"] != nil) }
                    #expect(try await client.requests() == ["POST /api/v0/dht/query?timeout=30000ms&arg=\(text)"])
                }
                #expect(try await client.call("trailers") == .object([:]))

                let own = try await client.call("old_id")
                #expect(own["id"]?.string == node.id && own["addresses"]?.strings.isEmpty == false)
                #expect(own["agent"]?.string?.hasPrefix("waystation/") == true)
                let stranger = try await lab.daemon()
                let addresses = JSONValue.array([.string(try stranger.address()), .string(try daemons[0].address())])
                let connected = try await client.call("old_connect", ["addresses": addresses])
                #expect(connected.strings == [stranger, daemons[0]].map { "connect \($0.id) success" })
                // Its own view comes a little later, and it may have met others through the node by then.
                let nodeID = try TestAddress.peerID(node.id)
                try await eventually("the stranger is connected to the node") {
                    try await stranger.peers().contains { $0.id == nodeID } ? true : nil
                }
            }
        }

        @Test func valuesGoThroughTheirForms() async throws {
            let vectors = try NameVectors.load()
            try await Lab.open { lab in
                let node = try await lab.node()
                let daemon = try await lab.daemon(bootstrap: [try node.address()])
                try await lab.waitForPeers(1, of: node)
                let client = try await lab.delegateClient(of: node)
                let record = try #require(vectors.official.first { $0.isValid })
                let key = "/ipns/\(try record.peer)"
                let told = try await client.call(
                    "old_put", ["key": .string(key), "value": .string(record.bytes.hexText)])
                #expect(told.array?.ids == [daemon.id])
                #expect(try await client.call("old_get", ["key": .string(key)]).string == record.bytes.hexText)
                #expect(try await daemon.value(record.key) == record.bytes)
                let none = try await client.failure(of: "old_get", ["key": .string("/ipns/\(daemon.id)")])
                #expect(none.message.contains("not found"))
                let false_ = try #require(vectors.official.first { !$0.isValid })
                let refused = try await client.failure(
                    of: "old_put",
                    ["key": .string("/ipns/\(try false_.peer)"), "value": .string(false_.bytes.hexText)])
                #expect(refused.status == 500)
                let unknown = try await client.failure(of: "old_put", ["key": "/example/x", "value": "00"])
                #expect(unknown.status == 400)
            }
        }
    }
}
