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

        /// What a peer sends and nobody can use yet is counted, and given back when the stream ends.
        @Test func unreadBytes() async throws {
            try await Lab.open { lab in
                let node = try await lab.node()
                let daemon = try await lab.daemon()
                let nodeID = try TestAddress.peerID(node.id)
                try await daemon.connect(nodeID, [try TestAddress.multiaddr(try node.address())])
                let stream = try await MessageStream.open(daemon, nodeID)
                try await stream.socket.write(DaemonField.varint(1000) + [UInt8](repeating: 0, count: 600))
                try await eventually("the beginning of the message waits") {
                    try await metric("waystation_host_stream_buffers_bytes", of: node) ?? 0 >= 600 ? true : nil
                }
                await stream.socket.close()
                try await eventually("it is given up") {
                    try await metric("waystation_host_stream_buffers_bytes", of: node) == 0 ? true : nil
                }
            }
        }

        /// A lab's addresses are spared the default limits, and not those that its operator set.
        @Test func limitsAndListsOfTheOperatorHoldForLoopback() async throws {
            try await Lab.open { lab in
                let limited = try await lab.node(["--limits-connections-per-subnet", "2"])
                let port = try limited.port()
                let first = try await Socket.connect(port: port)
                let second = try await Socket.connect(port: port)
                try await eventually("both have a place") {
                    try await metric("waystation_host_handshakes", of: limited) == 2 ? true : nil
                }
                let third = try await Socket.connect(port: port)
                try await third.waitForEnd()
                let reason = "reason=\"per_subnet\""
                #expect(try await metric("waystation_host_refusals_total", reason, of: limited) == 1)
                for socket in [first, second] { await socket.close() }

                let closed = try await lab.node(["--access-deny", "127.0.0.0/8"])
                let refused = try await Socket.connect(port: try closed.port())
                try await refused.waitForEnd()
                #expect(try await metric("waystation_host_refusals_total", "reason=\"denied\"", of: closed) == 1)
            }
        }

        /// The value of a metric's first series, or of the first that has the label.
        private func metric(_ name: String, _ label: String = "", of node: NodeProcess) async throws -> Double? {
            let text = try await HTTPAnswer.get(node.admin, "/metrics").body
            let line = text.split(separator: "\n").first { line in
                (line.hasPrefix(name + "{") || line.hasPrefix(name + " ")) && (label.isEmpty || line.contains(label))
            }
            return line?.split(separator: " ").last.flatMap { Double($0) }
        }
    }
}
