import Foundation
import LibP2PIdentity
import Multiformats
import Testing

extension RealPeers {
    /// The delegate answers what go-libp2p's peers told the DHT, by both of its APIs.
    @Suite(.timeLimit(.minutes(3)))
    struct DelegateTests {
        @Test func whatADaemonProvidesIsFoundByBothAPIs() async throws {
            try await Lab.open { lab in
                let node = try await lab.node()
                let daemon = try await lab.daemon(bootstrap: [try node.address()])
                try await eventually("the daemon comes into the routing table") {
                    try await HTTPAnswer.get(node.admin, "/metrics").body
                        .contains("waystation_dht_peers{protocol=\"/ipfs/kad/1.0.0\"} 1\n") ? true : nil
                }
                let cid = CID(codec: .raw, multihash: .sha256(of: Array("delegated".utf8)))
                try await daemon.provide(cid.bytes)
                let id = try PeerID(bytes: daemon.idBytes).description

                let answer = try await eventually("the daemon is found") {
                    let answer = try await HTTPAnswer.get(node.http, "/routing/v1/providers/\(cid)")
                    return answer.body.contains(id) ? answer : nil
                }
                #expect(answer.status == 200)
                #expect(answer.fields["content-type"] == "application/json")
                #expect(answer.fields["access-control-allow-origin"] == "*")
                let records = try JSONValue(parsing: answer.body)["Providers"]?.array ?? []
                #expect(records.map { $0["ID"]?.string } == [id])
                #expect(records.first?["Addrs"]?.strings.isEmpty == false)

                let peer = try await HTTPAnswer.get(node.http, "/routing/v1/peers/\(id)")
                #expect(try JSONValue(parsing: peer.body)["Peers"]?.array?.first?["ID"]?.string == id)

                let lines = try await lab.curl("-X", "POST", "\(node.http)/api/v0/dht/findprovs?arg=\(cid)")
                let event = try JSONValue(parsing: try #require(lines.first))
                #expect(event["Type"] == 4)
                #expect(event["Responses"]?.array?.first?["ID"]?.string == id)
                let found = try await lab.curl("-X", "POST", "\(node.http)/api/v0/dht/findpeer?arg=\(id)")
                #expect(try JSONValue(parsing: try #require(found.first))["Type"] == 2)
                let queried = try await lab.curl("-X", "POST", "\(node.http)/api/v0/dht/query?arg=\(id)")
                #expect(try queried.allSatisfy { try JSONValue(parsing: $0)["ID"]?.string?.isEmpty == false })

                // A node's own id by which clients connect to it, and what it is not: everything else of kubo.
                let identity = try await lab.curl("-X", "POST", "\(node.http)/api/v0/id")
                #expect(try JSONValue(parsing: try #require(identity.first))["ID"]?.string == node.id)
                #expect(try await lab.status("-X", "POST", "\(node.http)/api/v0/add") == "404")
                #expect(try await lab.status("\(node.http)/api/v0/id") == "405")
                #expect(try await lab.status("\(node.http)/routing/v1/providers/nonsense") == "422")
                #expect(
                    try await lab.status("-H", "Accept: text/html", "\(node.http)/routing/v1/providers/\(cid)") == "406"
                )
            }
        }

        @Test func whoAsksTooOftenIsToldWhen() async throws {
            try await Lab.open { lab in
                let node = try await lab.node([
                    "--delegate-max-requests-per-ip", "1", "--delegate-max-request-burst-per-ip", "3",
                ])
                var statuses: [String] = []
                for _ in 0..<5 { statuses.append(try await lab.status("-X", "POST", "\(node.http)/api/v0/version")) }
                #expect(statuses.prefix(3) == ["200", "200", "200"])
                #expect(statuses.contains("429"))
                let metrics = try await HTTPAnswer.get(node.admin, "/metrics").body
                #expect(!metrics.contains("waystation_delegate_rate_refusals_total 0\n"))
            }
        }

        @Test func whatPublishesNeedsTheToken() async throws {
            try await Lab.open { lab in
                let node = try await lab.node(["--delegate-token", "open-sesame", "--delegate-forbid", "connect"])
                let daemon = try await lab.daemon()
                let address = "/ip4/127.0.0.1/tcp/1/p2p/\(try PeerID(bytes: daemon.idBytes))"
                #expect(
                    try await lab.status("-X", "POST", "\(node.http)/api/v0/swarm/connect?arg=\(address)") == "403")
                let cid = CID(codec: .raw, multihash: .sha256(of: Array("delegated".utf8)))
                #expect(try await lab.status("-X", "POST", "\(node.http)/api/v0/dht/provide?arg=\(cid)") == "403")
                // With the token it is only that the block is not there.
                let answer = try await lab.curl(
                    "-X", "POST", "-H", "Authorization: Bearer open-sesame",
                    "\(node.http)/api/v0/dht/provide?arg=\(cid)")
                #expect(answer.first?.contains("not found locally") == true)
            }
        }

        /// A peer that was written by the specification alone proves who it is, in both ways.
        @Test func certainPeersMayPublish() async throws {
            try await Lab.open { lab in
                let seed = (0..<32).map { _ in UInt8.random(in: 0...255) }
                let peer = try PrivateKey(ed25519Seed: seed).peerID
                let node = try await lab.node(["--delegate-allow-peer", "\(peer)"])
                let url = "\(node.http)/api/v0/swarm/connect?arg=\(try await lab.node().address())"
                #expect(try await lab.status("-X", "POST", url) == "401")
                let known = seed.map { String(UInt16($0) + 256, radix: 16).dropFirst() }.joined()
                for flags in [[], ["--begins"]] {
                    let answer = try await lab.authenticate(["--seed", known, url] + flags)
                    #expect(answer["status"] == 200)
                    #expect(answer["again"] == 200)
                    #expect(answer["server"]?.string == node.id)
                }
                let stranger = try await lab.authenticate(["--seed", String(repeating: "07", count: 32), url])
                #expect(stranger["status"] == 403)
                // Lured to somebody else, who passes the proof on.
                let lured = try await lab.authenticate(["--seed", known, "--hostname", "evil.example", url])
                #expect(lured["status"] == 401)
            }
        }
    }
}

extension Lab {
    /// The lines that curl prints.
    fileprivate func curl(_ arguments: String...) async throws -> [String] {
        let process = try await start(
            name: "curl", URL(filePath: "/usr/bin/curl"), ["--silent", "--show-error", "--max-time", "40"] + arguments)
        _ = try await process.status(within: .seconds(60))
        return try await process.output.takeUntilEnd("all output").filter { !$0.isEmpty }
    }

    /// What `Interop/python/authenticate.py` tells.
    fileprivate func authenticate(_ arguments: [String]) async throws -> JSONValue {
        let process = try await start(
            name: "authenticate.py", tools.python, [tools.pythonScript("authenticate.py")] + arguments)
        guard try await process.status(within: .seconds(60)) == 0 else {
            throw InteropError("authenticate.py failed: \(try await process.errors.takeUntilEnd("all output"))")
        }
        return try JSONValue(parsing: try await process.output.takeUntilEnd("all output").joined())
    }

    /// The status that curl is told.
    fileprivate func status(_ arguments: String...) async throws -> String {
        let process = try await start(
            name: "curl", URL(filePath: "/usr/bin/curl"),
            ["--silent", "--output", "/dev/null", "--write-out", "%{response_code}", "--max-time", "40"] + arguments)
        _ = try await process.status(within: .seconds(60))
        return try await process.output.takeUntilEnd("all output").joined()
    }
}
