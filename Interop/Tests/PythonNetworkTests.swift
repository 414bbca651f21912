import Testing

extension RealPeers {
    /// py-libp2p as a client of our node, over each stack that both have.
    @Suite(.timeLimit(.minutes(5)))
    struct PythonNetworkTests {
        static let stacks = [
            PythonPeer.Stack(),
            PythonPeer.Stack(security: "tls"),
            PythonPeer.Stack(muxer: "mplex"),
            PythonPeer.Stack(transport: "ws"),
        ]

        @Test(arguments: stacks)
        func pingIdentifyAndDHT(stack: PythonPeer.Stack) async throws {
            try await Lab.open { lab in
                let node = try await lab.node(["--dht-namespace", "interop"])
                let address = JSONValue.string(try node.address(webSocket: stack.transport == "ws"))
                let one = try await lab.pythonPeer(stack, namespaces: ["interop"])
                let other = try await lab.pythonPeer(stack, namespaces: ["interop"])
                let peer: [String: JSONValue] = ["peer": .string(node.id)]
                for python in [one, other] {
                    #expect(try await python.call("connect", ["address": address]) == .string(node.id))
                }

                #expect(try await one.call("ping", peer.merging(["count": 5]) { $1 }).array?.count == 5)
                let echo: [String: JSONValue] = ["protocol": "/ipfs/ping/1.0.0", "size": 65536]
                #expect(try await one.call("echo", echo.merging(peer) { $1 }) == 65536)

                let identity = try await one.call("identify", peer)
                #expect(identity["agent"]?.string?.hasPrefix("waystation/") == true)
                #expect(identity["protocolVersion"] == "ipfs/0.1.0")
                let protocols = identity["protocols"]?.strings ?? []
                let required = ["/ipfs/kad/1.0.0", "/ipfs/ping/1.0.0", "/ipfs/id/1.0.0", "/ipfs/id/push/1.0.0"]
                #expect(Set(protocols).isSuperset(of: required))
                // An Ed25519 peer id holds its public key behind the two bytes of an identity multihash.
                #expect(identity["publicKey"]?.string == Array(try TestAddress.peerID(node.id).dropFirst(2)).hexText)
                #expect(identity["observed"]?.string?.hasPrefix("/ip4/127.0.0.1/tcp/") == true)
                #expect(identity["addresses"]?.strings.isEmpty == false)
                #expect(identity["hasSignedRecord"] == .bool(true))

                // `one` is known to our node by its identify message alone.
                let found = try await eventually("\(one.id) is found") {
                    let found = try await other.call("find_peer", ["peer": .string(one.id)])
                    return found == .null ? nil : found
                }
                #expect(found["id"] == .string(one.id))

                let content: [String: JSONValue] = ["key": .string(TestContent.multihash("\(stack)").hexText)]
                #expect(try await one.call("provide", content) == .bool(true))
                let providers = try await eventually("the provider is found") {
                    let providers = try await other.call("find_providers", content).array ?? []
                    return providers.isEmpty ? nil : providers
                }
                #expect(providers.compactMap { $0["id"]?.string } == [one.id])

                let record: [String: JSONValue] = ["key": "/interop/greeting", "value": "68656c6c6f"]
                #expect(try await one.call("put_value", record) == .bool(true))
                #expect(try await other.call("get_value", ["key": "/interop/greeting"]) == "68656c6c6f")

                let ownKey = try await one.call("public_key")
                let keyName = Array("/pk/".utf8) + (try TestAddress.peerID(one.id))
                let keyed = peer.merging(["key": .string(keyName.hexText)]) { $1 }
                #expect(try await one.call("store_at", keyed.merging(["value": ownKey]) { $1 }) == .bool(true))
                #expect(try await other.call("fetch_from", keyed) == ownKey)
            }
        }

        /// Peers with keys of the other kinds are authenticated and served alike.
        @Test(arguments: ["rsa", "secp256k1"], ["noise", "tls"])
        func keysOfOtherKinds(key: String, security: String) async throws {
            try await Lab.open { lab in
                let node = try await lab.node()
                let python = try await lab.pythonPeer(.init(security: security), key: key)
                #expect(try await python.call("connect", ["address": .string(try node.address())]) == .string(node.id))
                let times = try await python.call("ping", ["peer": .string(node.id), "count": 1])
                #expect(times.array?.count == 1)
            }
        }
    }
}
