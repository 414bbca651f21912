import LibP2PCore
import LibP2PHost
import LibP2PIdentity
import LibP2PTesting
import Multiformats
import NIOCore
import Testing

@testable import LibP2PBitswap

struct ExchangeTests {
    private func block(_ number: Int, size: Int = 100) throws -> Block {
        var random = SeededGenerator(seed: UInt64(number))
        return try Block(random.bytes(size))
    }

    @Test func fetchesVerifiesAndKeepsABlock() throws {
        try Simulation.run { simulation in
            let swarm = Swarm(simulation)
            let wanted = try block(1, size: 300_000)
            let provider = try swarm.makeNode(1, holding: [wanted])
            let node = try swarm.makeNode(2)
            node.host.peerStore.add([provider.address], of: provider.id, lifetime: .hearsay)
            let got = try simulation.perform {
                try await node.bitswap.block(wanted.cid, from: BlockSources(peers: [provider.id]))
            }
            #expect(got == wanted)
            #expect(try simulation.perform { await node.store.block(wanted.cid) } == wanted)
            swarm.pass(.seconds(1))
            #expect(provider.bitswap.statisticsNow.sentBlocks == 1)
            #expect(node.bitswap.statisticsNow.receivedBytes == 300_000)
            #expect(node.bitswap.statisticsNow.fetches == 0)
        }
    }

    @Test func findsItAmongConnectedPeersAndLetsTheBlockBeSentOnce() throws {
        try Simulation.run { simulation in
            let swarm = Swarm(simulation)
            let wanted = try block(1, size: 5_000)
            let node = try swarm.makeNode(0)
            let others = try (1...6).map { try swarm.makeNode($0, holding: $0 > 3 ? [wanted] : []) }
            for other in others { try swarm.connect(other, node) }
            let got = try simulation.perform { try await node.bitswap.block(wanted.cid) }
            #expect(got == wanted)
            swarm.pass(.seconds(2))
            #expect(others.reduce(0) { $0 + $1.bitswap.statisticsNow.sentBlocks } == 1)
        }
    }

    @Test func fetchesManyBlocksFromOnePeer() throws {
        try Simulation.run { simulation in
            let swarm = Swarm(simulation)
            let blocks = try (0..<60).map { try block($0, size: 40_000) }
            let provider = try swarm.makeNode(1, holding: blocks)
            let node = try swarm.makeNode(2)
            try swarm.connect(node, provider)
            let got = try simulation.perform {
                try await node.bitswap.blocks(blocks.map(\.cid), from: BlockSources(peers: [provider.id]))
            }
            #expect(got == blocks)
        }
    }

    @Test(arguments: BitswapVersion.allCases, [false, true])
    func understandsOtherMakes(_ version: BitswapVersion, inline: Bool) throws {
        try Simulation.run { simulation in
            let swarm = Swarm(simulation)
            let wanted = try Block(
                cid: BitswapVectors.load().v0, verifying: BitswapVectors.load().blocks.hello_hex.bytes)
            let node = try swarm.makeNode(1)
            let (host, address) = try swarm.makeHost(2)
            let peer = PlainPeer(host, version, inline: inline) { message in
                guard message.wants.contains(where: { $0.cid == wanted.cid && $0.kind == .block && !$0.isCancel })
                else {
                    return nil
                }
                return BitswapMessage(blocks: [BlockPayload(wanted)]).limited(to: version)
            }
            swarm.introductions.add(host)
            try swarm.connect(node.host, host, address)
            #expect(try simulation.perform { try await node.bitswap.block(wanted.cid) } == wanted)
            #expect(peer.wants.first?.asksForDenial == (version == .v120))
        }
    }

    @Test(arguments: BitswapVersion.allCases) func servesOtherMakes(_ version: BitswapVersion) throws {
        try Simulation.run { simulation in
            let swarm = Swarm(simulation)
            let here = try block(1, size: 3_000)
            let missing = try block(2)
            let node = try swarm.makeNode(1, holding: [here])
            let (host, _) = try swarm.makeHost(2)
            let peer = PlainPeer(host, version)
            swarm.introductions.add(host)
            try swarm.connect(host, node.host, node.address)
            try simulation.perform {
                try await peer.send(
                    BitswapMessage(wants: [.block(here.cid), .block(missing.cid)]).limited(to: version), to: node.id)
            }
            swarm.pass(.seconds(2))
            let blocks = peer.received.flatMap(\.blocks)
            #expect(blocks.count == 1)
            #expect(blocks.first?.data.readableBytes == 3_000)
            #expect(blocks.first?.prefix == (version == .v100 ? nil : CIDPrefix(here.cid)))
            let denials = version == .v120 ? [BlockPresence(cid: missing.cid, isThere: false)] : []
            #expect(peer.received.flatMap(\.presences) == denials)

            // What was not there is sent when it comes.
            try simulation.perform {
                try await node.store.keep(missing)
                await node.bitswap.blockWasAdded(missing)
            }
            swarm.pass(.seconds(2))
            #expect(peer.received.flatMap(\.blocks).count == 2)
        }
    }

    @Test func tellsWhatItHasWithoutSendingIt() throws {
        try Simulation.run { simulation in
            let swarm = Swarm(simulation)
            let (large, small) = (try block(1, size: 3_000), try block(2, size: 30))
            let node = try swarm.makeNode(1, holding: [large, small])
            let (host, _) = try swarm.makeHost(2)
            let peer = PlainPeer(host, .v120)
            swarm.introductions.add(host)
            try swarm.connect(host, node.host, node.address)
            try simulation.perform {
                try await peer.send(BitswapMessage(wants: [.have(large.cid), .have(small.cid)]), to: node.id)
            }
            swarm.pass(.seconds(2))
            #expect(peer.received.flatMap(\.presences) == [BlockPresence(cid: large.cid, isThere: true)])
            #expect(peer.received.flatMap(\.blocks).map(\.data.readableBytes) == [30])
        }
    }

    @Test func refusesAWrongBlockAndAsksAnother() throws {
        try Simulation.run { simulation in
            let swarm = Swarm(simulation)
            let (wanted, wrong) = (try block(1), try block(2))
            let node = try swarm.makeNode(1)
            let (host, address) = try swarm.makeHost(2)
            let liar = PlainPeer(host, .v120) { message in
                message.wants.contains { !$0.isCancel } ? BitswapMessage(blocks: [BlockPayload(wrong)]) : nil
            }
            swarm.introductions.add(host)
            try swarm.connect(node.host, host, address)
            let sources = BlockSources(peers: [host.localPeer], asksConnectedPeers: false)
            #expect(throws: BitswapError(.notFound, "")) {
                try simulation.perform { try await node.bitswap.block(wanted.cid, from: sources) }
            }
            swarm.pass(.seconds(2))
            #expect(node.bitswap.statisticsNow.refusedBlocks == 1)
            #expect(try simulation.perform { await node.store.size(of: wrong.cid) } == nil)

            let honest = try swarm.makeNode(3, holding: [wanted])
            try swarm.connect(node, honest)
            let both = BlockSources(peers: [host.localPeer, honest.id])
            #expect(try simulation.perform { try await node.bitswap.block(wanted.cid, from: both) } == wanted)
            #expect(!liar.received.isEmpty)
        }
    }

    @Test func blocksThatNobodyAskedForAreThrownAway() throws {
        try Simulation.run { simulation in
            let swarm = Swarm(simulation)
            let pushed = try block(1)
            let node = try swarm.makeNode(1)
            let (host, _) = try swarm.makeHost(2)
            let peer = PlainPeer(host, .v110)
            try swarm.connect(host, node.host, node.address)
            try simulation.perform {
                try await peer.send(BitswapMessage(blocks: [BlockPayload(pushed)]), to: node.id)
            }
            swarm.pass(.seconds(2))
            #expect(try simulation.perform { await node.store.size(of: pushed.cid) } == nil)
        }
    }

    @Test func waitsNoLongerThanItIsToldAndTakesItsWantBack() throws {
        try Simulation.run { simulation in
            let swarm = Swarm(simulation)
            let wanted = try block(1)
            let node = try swarm.makeNode(1)
            let (host, address) = try swarm.makeHost(2)
            let silent = PlainPeer(host, .v120)
            swarm.introductions.add(host)
            try swarm.connect(node.host, host, address)
            let start = simulation.loop.now
            #expect(throws: BitswapError(.timeout, "")) {
                try simulation.perform { try await node.bitswap.block(wanted.cid, within: .seconds(7)) }
            }
            #expect(simulation.loop.now - start == .seconds(7))
            swarm.pass(.seconds(2))
            #expect(silent.wants == [.block(wanted.cid), .cancel(wanted.cid)])
            // The stream to it is closed after a while, and nothing is left.
            swarm.pass(.seconds(20))
            #expect(node.bitswap.statisticsNow.partners == 0)
        }
    }

    @Test func aCallerWhoLeavesDoesNotTakeTheOthersAlong() throws {
        try Simulation.run { simulation in
            let swarm = Swarm(simulation)
            let wanted = try block(1)
            let node = try swarm.makeNode(1)
            let first = simulation.begin { try await node.bitswap.block(wanted.cid) }
            let second = simulation.begin { try await node.bitswap.block(wanted.cid.asVersion1) }
            swarm.pass(.seconds(1))
            first.cancel()
            swarm.pass(.milliseconds(10))
            #expect(throws: BitswapError(.cancelled, "")) { try first.get() }
            // Who connects while it is waited for is asked too.
            let provider = try swarm.makeNode(2, holding: [wanted])
            try swarm.connect(provider, node)
            swarm.pass(.seconds(2))
            #expect(try second.get() == wanted)
        }
    }

    @Test func giveUpWhenNobodyHasIt() throws {
        try Simulation.run { simulation in
            let swarm = Swarm(simulation)
            let wanted = try block(1)
            let node = try swarm.makeNode(1)
            let other = try swarm.makeNode(2)
            try swarm.connect(node, other)
            let start = simulation.loop.now
            #expect(throws: BitswapError(.notFound, "")) {
                try simulation.perform { try await node.bitswap.block(wanted.cid) }
            }
            #expect(simulation.loop.now - start <= .seconds(12))
            let unreachable = BlockSources(
                peers: [try simulation.makeIdentity().peerID], asksConnectedPeers: false)
            #expect(throws: BitswapError(.notFound, "")) {
                try simulation.perform { try await node.bitswap.block(wanted.cid, from: unreachable) }
            }
        }
    }

    @Test func asksTheProvidersThatAreFound() throws {
        struct Finder: ProviderFinder {
            let executor: LoopExecutor
            let provider: PeerID
            func findProviders(of cid: CID, onFound: @escaping @Sendable (PeerID) -> Void) async {
                try? await executor.sleep(for: .seconds(2))
                onFound(provider)
            }
        }
        try Simulation.run { simulation in
            let swarm = Swarm(simulation)
            let wanted = try block(1)
            let node = try swarm.makeNode(1)
            let provider = try swarm.makeNode(2, holding: [wanted])
            node.host.peerStore.add([provider.address], of: provider.id, lifetime: .hearsay)
            let finder = Finder(executor: simulation.executor, provider: provider.id)
            let sources = BlockSources(asksConnectedPeers: false, finder: finder)
            #expect(try simulation.perform { try await node.bitswap.block(wanted.cid, from: sources) } == wanted)
        }
    }

    @Test func aPeerThatVanishesIsReplaced() throws {
        try Simulation.run { simulation in
            let swarm = Swarm(simulation)
            let wanted = try block(1, size: 2_000)
            let node = try swarm.makeNode(1)
            let (host, address) = try swarm.makeHost(2)
            let tease = PlainPeer(host, .v120) { message in
                let wants = message.wants.filter { $0.kind == .have }
                return BitswapMessage(presences: wants.map { BlockPresence(cid: $0.cid, isThere: true) })
            }
            swarm.introductions.add(host)
            try swarm.connect(node.host, host, address)
            let slow = try swarm.makeNode(3)
            try swarm.connect(node, slow)
            let fetch = simulation.begin { try await node.bitswap.block(wanted.cid) }
            swarm.pass(.seconds(1))
            #expect(tease.wants.contains(.block(wanted.cid)))
            simulation.network.remove(host.localPeer)
            let provider = try swarm.makeNode(4, holding: [wanted])
            try swarm.connect(provider, node)
            swarm.pass(.seconds(2))
            #expect(try fetch.get() == wanted)
        }
    }

    @Test func holdsNoMoreThanItsBounds() throws {
        try Simulation.run { simulation in
            let swarm = Swarm(simulation)
            let node = try swarm.makeNode(1) { configuration in
                configuration.maxFetches = 2
                configuration.maxPartners = 1
                configuration.maxWantsPerPeer = 3
                configuration.maxParkedWantsPerPeer = 2
            }
            let waiting = try (0..<3).map { number in
                let cid = try block(number).cid
                return simulation.begin { try await node.bitswap.block(cid) }
            }
            swarm.pass(.milliseconds(10))
            #expect(throws: BitswapError(.limitReached, "")) { try waiting[2].get() }

            var asked: [PlainPeer] = []
            for number in 2...3 {
                let (host, _) = try swarm.makeHost(number)
                let peer = PlainPeer(host, .v120)
                asked.append(peer)
                try swarm.connect(host, node.host, node.address)
                let wants = try (0..<5).map { Want.block(try block(100 + $0).cid) }
                try simulation.perform { try await peer.send(BitswapMessage(wants: wants), to: node.id) }
                swarm.pass(.seconds(1))
            }
            #expect(asked[0].received.flatMap(\.presences).count == 3)
            #expect(asked[1].received.isEmpty)
            #expect(node.bitswap.statisticsNow.partners == 1)
            #expect(node.bitswap.statisticsNow.droppedWants == 2 + 5)
        }
    }

    @Test func stopsInOrder() throws {
        try Simulation.run { simulation in
            let swarm = Swarm(simulation)
            let node = try swarm.makeNode(1)
            let cid = try block(1).cid
            let fetch = simulation.begin { try await node.bitswap.block(cid) }
            swarm.pass(.seconds(1))
            try simulation.perform { await node.bitswap.stop() }
            swarm.pass(.milliseconds(10))
            #expect(throws: BitswapError(.stopped, "")) { try fetch.get() }
            #expect(throws: BitswapError(.stopped, "")) {
                try simulation.perform { try await node.bitswap.block(cid) }
            }
        }
    }
}
