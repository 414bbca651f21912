import Testing

extension RealPeers {
    /// What the admin server tells of a node that has a peer.
    @Suite(.timeLimit(.minutes(3)))
    struct AdminTests {
        @Test func healthMetricsAndTheNodesState() async throws {
            try await Lab.open { lab in
                let node = try await lab.node(["--announce", "/dns4/node.example/tcp/4001"])
                #expect(try await HTTPAnswer.get(node.admin, "/healthz").status == 200)
                let ready = try await HTTPAnswer.get(node.admin, "/readyz")
                #expect(ready.status == 200)
                #expect(ready.body == "ready\n")
                #expect(try await HTTPAnswer.get(node.admin, "/nothing").status == 404)

                let daemon = try await lab.daemon()
                try await daemon.connect(
                    try TestAddress.peerID(node.id), [try TestAddress.multiaddr(try node.address())])
                try await eventually("the daemon comes into the routing table") {
                    try await metric("waystation_dht_peers", of: node) == 1 ? true : nil
                }
                let stream = try await MessageStream.open(daemon, try TestAddress.peerID(node.id))
                try await stream.addProvider(
                    TestContent.multihash("content"), daemon.idBytes, daemon.addressBytes)
                #expect(try await stream.providers(TestContent.multihash("content")).count == 1)
                #expect(try await metric("waystation_dht_provider_records", of: node) == 1)
                #expect(try await metric("waystation_host_connections", of: node) == 1)
                #expect(try await metric("waystation_host_inbound_addresses", of: node) == 1)

                let metrics = try await HTTPAnswer.get(node.admin, "/metrics")
                #expect(metrics.status == 200)
                #expect(metrics.fields["content-type"]?.hasPrefix("text/plain; version=0.0.4") == true)

                let page = try await HTTPAnswer.get(node.admin, "/")
                #expect(page.status == 200)
                #expect(page.body.contains(node.id))

                let answer = try await HTTPAnswer.get(node.admin, "/api/node")
                #expect(answer.status == 200)
                #expect(answer.fields["content-type"] == "application/json")
                let report = try JSONValue(parsing: answer.body)
                #expect(report["peerId"]?.string == node.id)
                #expect(report["agentVersion"]?.string?.hasPrefix("waystation/") == true)
                #expect(report["protocolVersion"]?.string == "ipfs/0.1.0")
                #expect(report["listenAddresses"]?.strings.sorted() == node.addresses.sorted())
                #expect(report["announcedAddresses"]?.strings == ["/dns4/node.example/tcp/4001/p2p/\(node.id)"])
                #expect(report["connections"] == 1)
                #expect(report["uptimeSeconds"] != nil)
                for name in ["/ipfs/kad/1.0.0", "/ipfs/id/1.0.0", "/ipfs/id/push/1.0.0", "/ipfs/ping/1.0.0"] {
                    #expect(report["protocols"]?.strings.contains(name) == true, "\(name)")
                }
            }
        }

        /// The value of a metric's first series.
        private func metric(_ name: String, of node: NodeProcess) async throws -> Double? {
            let text = try await HTTPAnswer.get(node.admin, "/metrics").body
            let line = text.split(separator: "\n").first { line in
                line.hasPrefix(name + "{") || line.hasPrefix(name + " ")
            }
            return line?.split(separator: " ").last.flatMap { Double($0) }
        }
    }
}
