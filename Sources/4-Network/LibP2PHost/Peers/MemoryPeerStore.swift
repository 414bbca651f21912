import DequeModule
public import LibP2PCore
public import LibP2PIdentity
public import Multiformats
import Synchronization

/// The peer store: peers in memory, with a list of changes for whoever keeps them on disk.
public final class MemoryPeerStore: PeerStore {
    private struct State {
        var peers: [PeerID: KnownPeer] = [:]
        /// The peers in the order of their touches; an entry counts only if its number is the peer's last.
        var touches: Deque<(peer: PeerID, number: UInt64)> = []
        var lastTouch: [PeerID: UInt64] = [:]
        var touchCount: UInt64 = 0
        /// Whether somebody keeps the peers on disk; without one, changes would pile up.
        var isKept = false
        var changed: Set<PeerID> = []

        mutating func note(_ peer: PeerID) {
            if isKept { changed.insert(peer) }
        }

        mutating func touch(_ peer: PeerID) {
            touchCount += 1
            lastTouch[peer] = touchCount
            touches.append((peer, touchCount))
            // Outdated entries are dropped before they outnumber the others.
            if touches.count > 2 * lastTouch.count + 64 {
                touches = Deque(touches.filter { lastTouch[$0.peer] == $0.number })
            }
        }

        mutating func removeOldest() {
            while let oldest = touches.popFirst() {
                guard lastTouch[oldest.peer] == oldest.number else { continue }
                lastTouch[oldest.peer] = nil
                peers[oldest.peer] = nil
                note(oldest.peer)
                return
            }
        }
    }

    private let state = Mutex(State())
    private let clock: WallClock
    private let maxPeers: Int

    /// Makes an empty store.
    ///
    /// - Parameter maxPeers: the most peers remembered; 0 is unlimited. The least recently touched makes room.
    public init(clock: WallClock = .system, maxPeers: Int) {
        self.clock = clock
        self.maxPeers = maxPeers == 0 ? .max : maxPeers
    }

    /// How many peers are remembered, those whose addresses have expired included.
    public var count: Int { state.withLock { $0.peers.count } }

    /// See `PeerStore`.
    public func addresses(of peer: PeerID) -> [Multiaddr] {
        let now = clock.now
        return state.withLock { $0.peers[peer]?.addresses(now: now) ?? [] }
    }

    /// See `PeerStore`.
    public func add(_ addresses: [Multiaddr], of peer: PeerID, lifetime: AddressLifetime) {
        guard !addresses.isEmpty else { return }
        let now = clock.now
        let expiry = lifetime.duration.map { now + $0 }
        update(peer, now: now) { known in
            for address in addresses.prefix(KnownPeer.maxAddresses) {
                known.add(address.withoutPeerID ?? address, until: expiry, now: now)
            }
        }
    }

    /// See `PeerStore`.
    public func description(of peer: PeerID) -> PeerDescription? { state.withLock { $0.peers[peer]?.description } }

    /// See `PeerStore`.
    public func set(_ description: PeerDescription, of peer: PeerID) {
        let now = clock.now
        let expiry = AddressLifetime.connected.duration.map { now + $0 }
        update(peer, now: now) { known in
            known.forget(known.description?.addresses ?? [], except: description.addresses)
            known.description = description
            for address in description.addresses.prefix(KnownPeer.maxAddresses) {
                known.add(address.withoutPeerID ?? address, until: expiry, now: now)
            }
        }
    }

    /// See `PeerStore`.
    public func remove(_ peer: PeerID) {
        state.withLock { state in
            state.lastTouch[peer] = nil
            if state.peers.removeValue(forKey: peer) != nil { state.note(peer) }
        }
    }

    /// See `PeerStore`.
    public var peers: [PeerID] {
        let now = clock.now
        return state.withLock { $0.peers.filter { !$0.value.isForgettable(now: now) }.map(\.key) }
    }

    private func update(_ peer: PeerID, now: Timestamp, _ change: (inout KnownPeer) -> Void) {
        state.withLock { state in
            if state.peers[peer] == nil, state.peers.count >= maxPeers { state.removeOldest() }
            change(&state.peers[peer, default: KnownPeer()])
            state.touch(peer)
            state.note(peer)
        }
    }

    // MARK: Storage

    /// Puts back what was stored before a restart, unless something newer is known. From now on changes are noted for
    /// ``takeChanges()``.
    public func restore(_ peers: [(PeerID, KnownPeer)]) {
        state.withLock { state in
            state.isKept = true
            state.changed.formUnion(state.peers.keys)
            for (peer, known) in peers.suffix(maxPeers) where state.peers[peer] == nil {
                state.peers[peer] = known
                state.touch(peer)
            }
        }
    }

    /// The peers that changed since the last call; nil for those that were forgotten.
    public func takeChanges() -> [PeerID: KnownPeer?] {
        state.withLock { state in
            defer { state.changed = [] }
            return Dictionary(uniqueKeysWithValues: state.changed.map { ($0, state.peers[$0]) })
        }
    }
}
