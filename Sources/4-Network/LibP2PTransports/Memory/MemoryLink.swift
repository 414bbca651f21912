import LibP2PCore
import LibP2PIdentity
import Multiformats
import NIOCore
import Synchronization

/// Carries parcels of frames between the two muxers of a connection, which may live on different loops.
final class MemoryLink: Sendable {
    /// A node at one end.
    struct Place: Sendable {
        let peer: PublicKey
        /// Kept, since making it hashes the key, and each parcel asks for it.
        let peerID: PeerID
        let address: Multiaddr
        let executor: LoopExecutor

        init(peer: PublicKey, address: Multiaddr, executor: LoopExecutor) {
            self.peer = peer
            peerID = peer.peerID
            self.address = address
            self.executor = executor
        }
    }

    private struct State {
        var dialer: NIOLoopBound<MemoryMuxer>?
        var listener: NIOLoopBound<MemoryMuxer>?
        var isBroken = false
    }

    let id: UInt64
    let network: MemoryNetwork
    let dialer: Place
    let listener: Place
    private let state = Mutex(State())

    init(id: UInt64, network: MemoryNetwork, dialer: Place, listener: Place) {
        self.id = id
        self.network = network
        self.dialer = dialer
        self.listener = listener
    }

    func place(_ role: HandshakeRole) -> Place { role == .dialer ? dialer : listener }

    /// Puts a muxer at its end. Called on its loop.
    func attach(_ muxer: MemoryMuxer, at role: HandshakeRole) {
        let bound = NIOLoopBound(muxer, eventLoop: place(role).executor.loop)
        state.withLock { state in
            if role == .dialer { state.dialer = bound } else { state.listener = bound }
        }
    }

    /// Sends something from one end to the other: `arrive` runs on the other end's loop. Called on the sender's loop.
    ///
    /// - Parameter floor: when the parcel before arrives; set to when this one does.
    func send(from role: HandshakeRole, notBefore floor: inout NIODeadline, _ arrive: @escaping @Sendable () -> Void) {
        guard !state.withLock({ $0.isBroken }) else { return }
        let sender = place(role)
        let receiver = place(role.opposite)
        guard let conditions = network.conditions else { return receiver.executor.loop.execute(arrive) }
        guard let delay = conditions.delay(from: sender.peerID, to: receiver.peerID) else { return sever() }
        floor = max(floor, sender.executor.now + TimeAmount(delay))
        receiver.executor.loop.scheduleTask(deadline: floor) {
            if !self.state.withLock({ $0.isBroken }) { arrive() }
        }
    }

    /// Brings a parcel of frames to the other end's muxer. Called on the sender's loop.
    func deliver(_ frames: [MemoryFrame], from role: HandshakeRole, notBefore floor: inout NIODeadline) {
        send(from: role, notBefore: &floor) { self.muxer(at: role.opposite)?.receive(frames) }
    }

    /// Ends the other end's side of a connection that has no muxer at this end any more.
    func hangUp(from role: HandshakeRole, notBefore floor: inout NIODeadline) {
        deliver([.close], from: role, notBefore: &floor)
    }

    /// Cuts the cable: see ``MemoryNetwork/breakLinks(where:)``.
    func sever() {
        let isNew = state.withLock { state in
            defer { state.isBroken = true }
            return !state.isBroken
        }
        guard isNew else { return }
        for role in [HandshakeRole.dialer, .listener] {
            place(role).executor.schedule(after: network.patience) {
                self.muxer(at: role)?.fail(NetworkError(.timeout, "The other side has been silent for too long."))
            }
        }
    }

    /// Ends the connection from one end, as if its process ended.
    func end(_ role: HandshakeRole) {
        place(role).executor.loop.execute { self.muxer(at: role)?.close(.normal) }
    }

    /// Forgets the muxer of an end that has closed; the link goes with the second one.
    func detach(_ role: HandshakeRole) {
        let isUnused = state.withLock { state in
            if role == .dialer { state.dialer = nil } else { state.listener = nil }
            return state.dialer == nil && state.listener == nil
        }
        if isUnused { network.remove(self) }
    }

    /// Called on that end's loop.
    private func muxer(at role: HandshakeRole) -> MemoryMuxer? {
        state.withLock { role == .dialer ? $0.dialer : $0.listener }?.value
    }
}

extension HandshakeRole {
    /// The role of the other side.
    var opposite: HandshakeRole { self == .dialer ? .listener : .dialer }
}
