import LibP2PBitswap
import LibP2PCore
import LibP2PHost
import LibP2PIdentity
import Multiformats
import Testing

extension RealPeers {
    /// Our bitswap with py-libp2p's, in both directions.
    @Suite(.timeLimit(.minutes(3)))
    struct PythonBitswapTests {
        private static let content = Junk(seed: 23).bytes(200_000)

        @Test func itsBlockIsFetchedAndVerified() async throws {
            try await Lab.open { lab in
                let peer = try await lab.pythonPeer()
                let wanted = try Block(Self.content)
                try await peer.keep(wanted.cid, wanted.data)
                let (own, bitswap) = try await OwnHost.exchanging(with: peer)
                let sources = BlockSources(peers: [try PeerID(peer.id)])
                #expect(try await bitswap.block(wanted.cid, from: sources) == wanted)
                // And is there without it from then on.
                #expect(await bitswap.store.block(wanted.cid) == wanted)
                await bitswap.stop()
                try await own.close()
            }
        }

        @Test func itsWrongBlockIsRefused() async throws {
            try await Lab.open { lab in
                let peer = try await lab.pythonPeer()
                let wanted = try Block(Self.content)
                _ = try await peer.call(
                    "keep_wrong_block",
                    ["cid": .string(wanted.cid.description), "data": .string(Self.hex(Array(Self.content.reversed())))])
                let (own, bitswap) = try await OwnHost.exchanging(with: peer)
                let sources = BlockSources(peers: [try PeerID(peer.id)], asksConnectedPeers: false)
                await #expect(throws: BitswapError(.notFound, "")) {
                    try await bitswap.block(wanted.cid, from: sources)
                }
                #expect(await bitswap.store.size(of: wanted.cid) == nil)
                await bitswap.stop()
                try await own.close()
            }
        }

        @Test func itFetchesOurBlock() async throws {
            try await Lab.open { lab in
                let peer = try await lab.pythonPeer()
                let (own, bitswap) = try await OwnHost.exchanging(with: peer)
                let offered = try Block(Array(Self.content.prefix(50_000)))
                try await bitswap.store.keep(offered)
                let got = try await peer.call(
                    "fetch_block", ["cid": .string(offered.cid.description), "peer": .string(own.id.description)])
                #expect(got.string == Self.hex(offered.data))
                await bitswap.stop()
                try await own.close()
            }
        }

        static func hex(_ bytes: [UInt8]) -> String {
            bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        }
    }
}

extension PythonPeer {
    fileprivate func keep(_ cid: CID, _ data: [UInt8]) async throws {
        _ = try await call(
            "keep_block",
            ["cid": .string(cid.description), "data": .string(RealPeers.PythonBitswapTests.hex(data))])
    }
}

extension OwnHost {
    /// A host with bitswap, connected to a peer.
    fileprivate static func exchanging(with peer: PythonPeer) async throws -> (OwnHost, Bitswap) {
        let own = try OwnHost()
        let bitswap = Bitswap(network: own.host, store: MemoryBlockStore())
        await bitswap.start()
        let addresses = try peer.addresses.compactMap { try Multiaddr($0).withoutPeerID }
        _ = try await own.host.connect(to: PeerID(peer.id), at: addresses)
        return (own, bitswap)
    }
}
