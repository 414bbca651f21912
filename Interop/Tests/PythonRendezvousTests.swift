import Testing

extension RealPeers {
    /// py-libp2p's rendezvous client at our node. It speaks a draft of the protocol; `Interop/python/meeting.py` puts signed
    /// peer records in their place, which py-libp2p seals and opens, and leaves all else to its client.
    @Suite(.timeLimit(.minutes(3)))
    struct PythonRendezvousTests {
        static let twoHours = 7200

        @Test func registerDiscoverByPagesAndUnregister() async throws {
            try await Lab.open { lab in
                let node = try await lab.node()
                var peers: [PythonPeer] = []
                for _ in 0..<3 {
                    let peer = try await lab.pythonPeer(connectedTo: node)
                    #expect(try await peer.register(at: node, "room", Self.twoHours) == Self.twoHours)
                    peers.append(peer)
                }
                _ = try await peers[0].register(at: node, "other room", Self.twoHours)

                // Who has seen a page gets the next one, and then only what is new.
                let first = try await peers[0].discover(at: node, "room", limit: 2)
                #expect(first.ids.count == 2)
                let second = try await peers[0].discover(at: node, "room", limit: 2, first.cookie)
                #expect(Set(first.ids + second.ids) == Set(peers.map(\.id)))
                let third = try await peers[0].discover(at: node, "room", limit: 2, second.cookie)
                #expect(third.ids == [])
                #expect(Set(first.addresses + second.addresses) == Set(peers.flatMap(\.addresses)))
                let newcomer = try await lab.pythonPeer(connectedTo: node)
                _ = try await newcomer.register(at: node, "room", Self.twoHours)
                #expect(try await peers[0].discover(at: node, "room", limit: 2, third.cookie).ids == [newcomer.id])

                _ = try await peers[1].call(
                    "unregister", ["peer": .string(node.id), "namespace": .string("room")])
                // It is never answered, so it may still be under way.
                try await eventually("\(peers[1].id) is forgotten") {
                    let ids = try await peers[0].discover(at: node, "room", limit: 100).ids
                    return Set(ids) == [peers[0].id, peers[2].id, newcomer.id] ? true : nil
                }
                #expect(try await peers[2].discover(at: node, "other room", limit: 100).ids == [peers[0].id])
            }
        }

        @Test func registrationsOutliveUs() async throws {
            try await Lab.open { lab in
                let folder = lab.path("data")
                let node = try await lab.node(dataFolder: folder)
                let peer = try await lab.pythonPeer(connectedTo: node)
                _ = try await peer.register(at: node, "room", Self.twoHours)
                #expect(try await node.stop() == 0)

                let again = try await lab.node(dataFolder: folder)
                #expect(again.id == node.id)
                let other = try await lab.pythonPeer(connectedTo: again)
                let found = try await other.discover(at: again, "room", limit: 10)
                #expect(found.ids == [peer.id])
                #expect(found.addresses == peer.addresses)
            }
        }

        @Test func whatIsRefusedIsToldWhy() async throws {
            try await Lab.open { lab in
                let node = try await lab.node()
                let peer = try await lab.pythonPeer(connectedTo: node)
                let draft = await #expect(throws: InteropError.self) {
                    try await peer.register(at: node, "room", Self.twoHours, draft: true)
                }
                #expect(draft?.description.contains("the signed peer record is not valid") == true)
                _ = try await peer.register(at: node, "room", Self.twoHours)
                let cookie = try await peer.discover(at: node, "room", limit: 10).cookie
                let stray = await #expect(throws: InteropError.self) {
                    _ = try await peer.discover(at: node, "other room", limit: 10, cookie)
                }
                #expect(stray?.description.contains("cookie") == true)
                let brief = await #expect(throws: InteropError.self) {
                    try await peer.register(at: node, "room", 600)
                }
                #expect(brief?.description.contains("7200") == true)
            }
        }
    }
}

extension Lab {
    fileprivate func pythonPeer(connectedTo node: NodeProcess) async throws -> PythonPeer {
        let peer = try await pythonPeer()
        _ = try await peer.call("connect", ["address": .string(try node.address())])
        return peer
    }
}

extension PythonPeer {
    /// One answer to a search.
    fileprivate struct Page {
        let ids: [String]
        let addresses: [String]
        let cookie: String
    }

    /// The seconds granted.
    @discardableResult
    fileprivate func register(
        at node: NodeProcess, _ namespace: String, _ seconds: Int, draft: Bool = false
    ) async throws -> Int {
        let arguments: [String: JSONValue] = [
            "peer": .string(node.id), "namespace": .string(namespace), "ttl": .number(Double(seconds)),
            "draft": .bool(draft),
        ]
        return Int(try await call("register", arguments).double ?? 0)
    }

    fileprivate func discover(
        at node: NodeProcess, _ namespace: String, limit: Int, _ cookie: String = ""
    ) async throws -> Page {
        let arguments: [String: JSONValue] = [
            "peer": .string(node.id), "namespace": .string(namespace), "limit": .number(Double(limit)),
            "cookie": .string(cookie),
        ]
        let answer = try await call("discover", arguments)
        let peers = answer["peers"]?.array ?? []
        return Page(
            ids: peers.compactMap { $0["id"]?.string }, addresses: peers.flatMap { $0["addresses"]?.strings ?? [] },
            cookie: answer["cookie"]?.string ?? "")
    }
}
