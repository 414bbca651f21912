import LibP2PCore
import LibP2PIdentity
import Multiformats
import Synchronization
import Testing

@testable import LibP2PHost

/// A clock that stands still until it is set.
final class ManualClock: Sendable {
    private let time = Mutex(Timestamp(seconds: 1_000_000))
    var clock: WallClock { WallClock { self.time.withLock { $0 } } }
    func advance(_ interval: Duration) { time.withLock { $0 = $0 + interval } }
}

@Suite struct PeerStoreTests {
    private let manual = ManualClock()

    private func peer() throws -> PeerID { try PrivateKey.generate().peerID }

    @Test func addressesExpireByTheirLifetime() throws {
        let store = MemoryPeerStore(clock: manual.clock, maxPeers: 10)
        let peer = try peer()
        let near = try Multiaddr("/ip4/8.8.8.8/tcp/1")
        let far = try Multiaddr("/ip4/8.8.8.8/tcp/2")
        store.add([near], of: peer, lifetime: .hearsay)
        store.add([far], of: peer, lifetime: .permanent)
        #expect(store.addresses(of: peer) == [far, near])
        manual.advance(.seconds(121))
        #expect(store.addresses(of: peer) == [far])
        #expect(store.peers == [peer])
    }

    @Test func aShorterLifetimeDoesNotShortenALongerOne() throws {
        let store = MemoryPeerStore(clock: manual.clock, maxPeers: 10)
        let peer = try peer()
        let address = try Multiaddr("/ip4/8.8.8.8/tcp/1")
        store.add([address], of: peer, lifetime: .provider)
        store.add([address], of: peer, lifetime: .hearsay)
        manual.advance(.seconds(3600))
        #expect(store.addresses(of: peer) == [address])
    }

    @Test func aPeerThatMovedIsNotAtItsOldAddressAnyMore() throws {
        let store = MemoryPeerStore(clock: manual.clock, maxPeers: 10)
        let peer = try peer()
        let (old, new) = (try Multiaddr("/ip4/8.8.8.8/tcp/1"), try Multiaddr("/ip4/8.8.8.8/tcp/2"))
        let given = try Multiaddr("/ip4/8.8.8.8/tcp/3")
        store.add([given], of: peer, lifetime: .permanent)
        store.set(PeerDescription(addresses: [old, given]), of: peer)
        store.set(PeerDescription(addresses: [new]), of: peer)
        #expect(Set(store.addresses(of: peer)) == [given, new])
    }

    @Test func peerIDsAtTheEndAreCutOff() throws {
        let store = MemoryPeerStore(clock: manual.clock, maxPeers: 10)
        let peer = try peer()
        let address = try Multiaddr("/ip4/8.8.8.8/tcp/1")
        store.add([try address.withPeerID(peer)], of: peer, lifetime: .hearsay)
        #expect(store.addresses(of: peer) == [address])
    }

    @Test func addressesOfAPeerAreBounded() throws {
        let store = MemoryPeerStore(clock: manual.clock, maxPeers: 10)
        let peer = try peer()
        for port in 1...1000 {
            store.add([try Multiaddr("/ip4/8.8.8.8/tcp/\(port)")], of: peer, lifetime: .hearsay)
        }
        #expect(store.addresses(of: peer).count == KnownPeer.maxAddresses)
        let lasting = try Multiaddr("/ip4/8.8.8.8/tcp/5000")
        store.add([lasting], of: peer, lifetime: .permanent)
        #expect(store.addresses(of: peer).first == lasting)
        #expect(store.addresses(of: peer).count == KnownPeer.maxAddresses)
    }

    @Test func theLeastRecentlyTouchedPeerMakesRoom() throws {
        let store = MemoryPeerStore(clock: manual.clock, maxPeers: 2)
        let (a, b, c) = (try peer(), try peer(), try peer())
        let address = try Multiaddr("/ip4/8.8.8.8/tcp/1")
        store.add([address], of: a, lifetime: .provider)
        store.add([address], of: b, lifetime: .provider)
        store.add([address], of: a, lifetime: .provider)
        store.add([address], of: c, lifetime: .provider)
        #expect(store.count == 2)
        #expect(store.addresses(of: b).isEmpty)
        #expect(!store.addresses(of: a).isEmpty)
    }

    @Test func changesAreReportedOnce() throws {
        let store = MemoryPeerStore(clock: manual.clock, maxPeers: 2)
        let (peer, early) = (try peer(), try peer())
        store.set(PeerDescription(agentVersion: "before"), of: early)
        store.remove(early)
        // Until somebody keeps the peers nothing is noted, or it would pile up.
        #expect(store.takeChanges().isEmpty)
        store.set(PeerDescription(agentVersion: "before"), of: early)
        store.restore([])
        #expect(Set(store.takeChanges().keys) == [early])
        store.set(PeerDescription(protocols: ["/a"], agentVersion: "x"), of: peer)
        let changes = store.takeChanges()
        #expect(changes.count == 1)
        #expect(changes[peer]??.description?.agentVersion == "x")
        #expect(store.takeChanges().isEmpty)
        store.remove(peer)
        let removal = try #require(store.takeChanges()[peer])
        #expect(removal == nil)
    }

    @Test func restoringDoesNotOverwriteWhatIsNewer() throws {
        let store = MemoryPeerStore(clock: manual.clock, maxPeers: 2)
        let (a, b) = (try peer(), try peer())
        store.set(PeerDescription(agentVersion: "new"), of: a)
        store.restore([
            (a, KnownPeer(entries: [], description: PeerDescription(agentVersion: "old"))),
            (b, KnownPeer(entries: [], description: PeerDescription(agentVersion: "old"))),
        ])
        #expect(store.description(of: a)?.agentVersion == "new")
        #expect(store.description(of: b)?.agentVersion == "old")
    }
}
