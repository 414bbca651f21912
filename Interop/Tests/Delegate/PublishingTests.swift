import Foundation
import LibP2PBitswap
import LibP2PIdentity
import Multiformats
import Testing

extension RealPeers {
    /// The whole way of what a client of 2020 publishes: from its own node by bitswap into the delegate's cache, into the
    /// DHT, and to whoever asks when the client has gone.
    @Suite(.timeLimit(.minutes(5)))
    struct PublishingTests {
        /// A delegate with a daemon of go-libp2p in its DHT.
        private func network(
            _ lab: Lab, _ more: [String] = []
        ) async throws -> (node: NodeProcess, folder: String, daemon: P2PDaemon) {
            let folder = lab.path("data")
            let node = try await lab.node(dataFolder: folder, more)
            let daemon = try await lab.daemon(bootstrap: [try node.address()])
            try await lab.waitForPeers(1, of: node)
            return (node, folder, daemon)
        }

        /// Who provides a block, says a daemon that has to ask the DHT for it.
        private func providers(_ cid: CID, _ daemon: P2PDaemon) async throws -> [[UInt8]] {
            try await daemon.findProviders(cid.bytes).map(\.id)
        }

        private func files(_ folder: String) -> [String] {
            let names = (try? FileManager.default.subpathsOfDirectory(atPath: folder + "/blocks")) ?? []
            return names.filter { $0.contains("/") }
        }

        /// The module of version 0.8 asks for the block's links, and kubo of then told the DHT of all that it fetched; that
        /// of 0.9 asks for the block, and has it told.
        @Test(arguments: ["0.8", "0.9"])
        func whatAClientHasIsFetchedKeptToldAndServed(_ routing: String) async throws {
            try await Lab.open { lab in
                let (node, folder, daemon) = try await network(lab)
                let client = try await lab.delegateClient(of: node, browser: true, routing: routing)
                let peer = try await lab.pythonPeer()
                let block = try await peer.offer(Junk(seed: 11).bytes(150_000))
                if routing == "0.8" {
                    _ = try await peer.call("connect", ["address": .string(try node.address())])
                } else {
                    let told = try await client.call(
                        "old_connect", ["addresses": .array([.string(try #require(peer.addresses.first))])])
                    #expect(told.strings == ["connect \(peer.id) success"])
                }
                _ = try await client.requests()
                let told = try await client.call("old_provide", ["cid": .string("\(block.cid)")])
                if routing == "0.8" {
                    // It has no links, which is no failure.
                    #expect(told.array == [])
                    #expect(
                        try await client.requests() == ["POST /api/v0/refs?recursive=false&arg=\(block.cid)"])
                } else {
                    #expect(told.array?.ids == [daemon.id])
                    #expect(
                        try await client.requests() == [
                            "POST /api/v0/block/stat?arg=\(block.cid)", "POST /api/v0/dht/provide?arg=\(block.cid)",
                        ])
                }
                let size = try await client.call("old_block_stat", ["cid": .string("\(block.cid)")])
                #expect(size["size"]?.double == 150_000)
                let nodeID = try TestAddress.peerID(node.id)
                try await eventually("the daemon finds the node as provider") {
                    try await providers(block.cid, daemon) == [nodeID] ? true : nil
                }
                try await eventually("the block is on the disk, and marked") {
                    let files = files(folder)
                    return files.count == 1 && files.allSatisfy { $0.hasSuffix(".provided") } ? true : nil
                }
                // From here on the client is gone.
                await peer.process.stop()
                let other = try await lab.delegateClient(of: node)
                let got = try await other.call("old_block_get", ["cid": .string("\(block.cid)")])
                #expect(got.string == block.data.hexText)
                let reader = try await lab.pythonPeer()
                _ = try await reader.call("connect", ["address": .string(try node.address())])
                let fetched = try await reader.call(
                    "fetch_block", ["cid": .string("\(block.cid)"), "peer": .string(node.id)])
                #expect(fetched.string == block.data.hexText)
            }
        }

        @Test(arguments: ["0.8", "0.9"]) func aWrongBlockIsNotPublished(_ routing: String) async throws {
            try await Lab.open { lab in
                let (node, folder, daemon) = try await network(lab)
                let client = try await lab.delegateClient(of: node, routing: routing)
                let peer = try await lab.pythonPeer()
                let wanted = try Block(Junk(seed: 12).bytes(5000))
                _ = try await peer.call(
                    "keep_wrong_block",
                    ["cid": .string("\(wanted.cid)"), "data": .string(Array(wanted.data.reversed()).hexText)])
                _ = try await peer.call("connect", ["address": .string(try node.address())])
                let failure = try await client.failure(of: "old_provide", ["cid": .string("\(wanted.cid)")])
                #expect(failure.status == 500)
                // Neither can it be told without being there.
                let answer = try await HTTPAnswer.ask(
                    node.http, "POST", "/api/v0/dht/provide?arg=\(wanted.cid)", body: "")
                #expect(answer.status == 500 && answer.body.contains("not found locally, cannot provide"))
                #expect(files(folder).isEmpty)
                #expect(try await providers(wanted.cid, daemon).isEmpty)
            }
        }

        /// As the preload nodes of js-ipfs did: a whole graph is fetched by one request.
        @Test func aGraphIsPreloaded() async throws {
            try await Lab.open { lab in
                let (node, _, daemon) = try await network(lab)
                let client = try await lab.delegateClient(of: node, browser: true)
                let peer = try await lab.pythonPeer()
                var leaves: [Block] = []
                for seed in 0..<6 { leaves.append(try await peer.offer(Junk(seed: 100 + seed).bytes(20_000))) }
                // A folder of UnixFS, and a map in dag-cbor that names the folder.
                let links = leaves.enumerated().map { index, leaf in
                    DaemonField.message(
                        2, [.bytes(1, leaf.cid.bytes), .string(2, "part\(index)"), .varint(3, UInt64(leaf.data.count))])
                }
                let folder = try await peer.offer(DaemonField.encode(links + [.bytes(1, [0x08, 0x01])]), codec: .dagPB)
                let name = [0x00] + folder.cid.bytes
                let root = try await peer.offer(
                    [0xa1, 0x66] + Array("folder".utf8) + [0xd8, 0x2a, 0x58, UInt8(name.count)] + name, codec: .dagCBOR)
                _ = try await peer.call("connect", ["address": .string(try node.address())])

                let bytes = try await client.call("old_preload", ["path": .string("\(root.cid)")])
                #expect(bytes.double.map { $0 > 500 } == true)
                #expect(try await client.requests() == ["POST /api/v0/refs?r=true&arg=\(root.cid)"])
                let nodeID = try TestAddress.peerID(node.id)
                try await eventually("the daemon finds the node as provider of the root") {
                    try await providers(root.cid, daemon) == [nodeID] ? true : nil
                }
                // Nobody else has any of it from here on.
                await peer.process.stop()
                for block in [root, folder] + leaves {
                    let got = try await client.call("old_block_get", ["cid": .string("\(block.cid)")])
                    #expect(got.string == block.data.hexText)
                }
                let all = try await client.call("old_refs", ["path": .string("\(root.cid)"), "recursive": .bool(true)])
                #expect(all.array?.compactMap { $0["ref"]?.string } == ([folder] + leaves).map { "\($0.cid)" })
                #expect(all.array?.allSatisfy { $0["err"] == "" } == true)
                let some = try await client.call(
                    "old_refs", ["path": .string("\(root.cid)"), "recursive": .bool(true), "max_depth": 1])
                #expect(some.array?.count == 1)
                let shallow = try await client.call("old_refs", ["path": .string("/ipfs/\(folder.cid)")])
                #expect(shallow.array?.count == 6)
            }
        }

        /// Whoever may not publish still has blocks fetched; nobody is told of them.
        @Test func whereNobodyMayPublishNothingIsTold() async throws {
            try await Lab.open { lab in
                let (node, folder, daemon) = try await network(lab, ["--delegate-forbid", "provide"])
                let client = try await lab.delegateClient(of: node)
                let peer = try await lab.pythonPeer()
                let block = try await peer.offer(Junk(seed: 13).bytes(5000))
                _ = try await peer.call("connect", ["address": .string(try node.address())])
                #expect(try await client.call("old_provide", ["cid": .string("\(block.cid)")]).array == [])
                #expect(files(folder).count == 1 && files(folder).allSatisfy { !$0.hasSuffix(".provided") })
                #expect(try await providers(block.cid, daemon).isEmpty)
            }
        }
    }
}

extension PythonPeer {
    /// Has it keep a block for others.
    func offer(_ data: [UInt8], codec: Multicodec = .raw) async throws -> Block {
        let block = try Block(data, codec: codec)
        _ = try await call("keep_block", ["cid": .string("\(block.cid)"), "data": .string(data.hexText)])
        return block
    }
}
