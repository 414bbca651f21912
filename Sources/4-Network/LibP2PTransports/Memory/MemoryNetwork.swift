import LibP2PCore
public import LibP2PIdentity
import Multiformats
import Synchronization

/// Connects ``MemoryTransport``s within one process. Nodes of different networks do not see each other.
public final class MemoryNetwork: Sendable {
    private struct State {
        var listeners: [Multiaddr: MemoryListener] = [:]
        var links: [UInt64: MemoryLink] = [:]
        var nextLink: UInt64 = 1
        var nextNumber: UInt64 = 1
        var nextPort: UInt16 = 49152
    }

    private let state = Mutex(State())
    /// What the links are like; nil for links without delay and fault.
    let conditions: (any MemoryConditions)?

    /// How long a node waits for a silent one, before it gives up dialling or takes a connection for dead.
    public let patience: Duration

    /// Makes an empty network.
    public init(conditions: (any MemoryConditions)? = nil, patience: Duration = .seconds(10)) {
        self.conditions = conditions
        self.patience = patience
    }

    /// How many connections are open or opening now.
    public var linkCount: Int { state.withLock { $0.links.count } }

    /// Breaks the connections between nodes for which `isBroken` says so, as if a cable were cut: nothing gets through
    /// any more, and both ends find out when their patience ends.
    public func breakLinks(where isBroken: (PeerID, PeerID) -> Bool) {
        for link in links(where: { isBroken($0.dialer.peerID, $0.listener.peerID) }) { link.sever() }
    }

    /// Takes a node off the network as if its process ended: it listens no more, its connections end at once, and the
    /// other ends learn of it after the delay of the link.
    public func remove(_ peer: PeerID) {
        state.withLock { state in
            state.listeners = state.listeners.filter { $0.value.peer.peerID != peer }
        }
        for link in links(where: { $0.dialer.peerID == peer || $0.listener.peerID == peer }) {
            link.end(link.dialer.peerID == peer ? .dialer : .listener)
        }
    }

    /// In the order in which they were made, so that a simulation repeats itself.
    private func links(where isMeant: (MemoryLink) -> Bool) -> [MemoryLink] {
        let all = state.withLock(\.links)
        return all.filter { isMeant($0.value) }.sorted { $0.key < $1.key }.map(\.value)
    }

    // MARK: Listeners

    func listener(on address: Multiaddr) -> MemoryListener? { state.withLock { $0.listeners[address] } }

    /// - Throws: ``NetworkError`` with `.system` when the address is taken.
    func add(_ listener: MemoryListener) throws(NetworkError) {
        let isFree = state.withLock { state in
            guard state.listeners[listener.address] == nil else { return false }
            state.listeners[listener.address] = listener
            return true
        }
        guard isFree else {
            throw NetworkError(.system, "\(listener.address) is in use in this memory network; take another number.")
        }
    }

    func remove(_ listener: MemoryListener) {
        state.withLock { state in
            if state.listeners[listener.address] === listener { state.listeners[listener.address] = nil }
        }
    }

    // MARK: Numbers

    /// A number for `/memory` that nobody listens on; the upper half is not for listeners that choose theirs.
    func freeNumber() -> UInt64 {
        state.withLock { state in
            defer { state.nextNumber += 1 }
            return 1 << 32 + state.nextNumber
        }
    }

    /// A TCP port as a system would give a dialer.
    func freePort() -> UInt16 {
        state.withLock { state in
            defer { state.nextPort = state.nextPort == .max ? 49152 : state.nextPort + 1 }
            return state.nextPort
        }
    }

    // MARK: Links

    func makeLink(_ dialer: MemoryLink.Place, _ listener: MemoryLink.Place) -> MemoryLink {
        state.withLock { state in
            defer { state.nextLink += 1 }
            let link = MemoryLink(id: state.nextLink, network: self, dialer: dialer, listener: listener)
            state.links[link.id] = link
            return link
        }
    }

    func remove(_ link: MemoryLink) { state.withLock { $0.links[link.id] = nil } }
}
