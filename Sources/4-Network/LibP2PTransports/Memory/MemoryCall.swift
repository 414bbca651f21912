import LibP2PCore
import LibP2PIdentity
import NIOCore

/// A dial under way. Confined to the dialer's loop, except that it is made elsewhere.
// SAFETY: `promise`, `muxer` and `lastArrival` are touched on the dialer's loop only; the rest never changes.
final class MemoryCall: @unchecked Sendable {
    private let link: MemoryLink
    private let listener: MemoryListener
    private let expected: PeerID?
    private let upgrader: any ConnectionUpgrader
    private var promise: EventLoopPromise<Connection>?
    private var muxer: MemoryMuxer?
    private var lastArrival = NIODeadline.uptimeNanoseconds(0)

    init(
        _ link: MemoryLink, to listener: MemoryListener, expecting expected: PeerID?,
        upgrader: any ConnectionUpgrader
    ) {
        self.link = link
        self.listener = listener
        self.expected = expected
        self.upgrader = upgrader
    }

    private var executor: LoopExecutor { link.dialer.executor }

    func begin() -> EventLoopFuture<Connection> {
        let promise = executor.loop.makePromise(of: Connection.self)
        self.promise = promise
        muxer = MemoryMuxer(link, role: .dialer)
        let patience = executor.schedule(after: link.network.patience) {
            self.fail(NetworkError(.timeout, "\(self.listener.address) does not answer."))
        }
        promise.futureResult.whenComplete { _ in patience.cancel() }
        let conditions = link.network.conditions
        if conditions?.connects(link.dialer.peer.peerID, to: link.listener.peer.peerID) ?? true {
            link.send(from: .dialer, notBefore: &lastArrival) { self.ring() }
        }
        return promise.futureResult
    }

    /// The call arrives, on the listener's loop.
    private func ring() {
        // The answer is the first parcel of its direction; what the muxer sends in the meantime waits at the other end.
        var arrival = NIODeadline.uptimeNanoseconds(0)
        do {
            try listener.accept(link, expecting: expected)
            link.send(from: .listener, notBefore: &arrival) { self.connect() }
        } catch {
            link.send(from: .listener, notBefore: &arrival) {
                self.fail(error as? NetworkError ?? NetworkError(.refused, "The call was refused.", cause: error))
            }
        }
    }

    /// The answer arrives, on the dialer's loop.
    private func connect() {
        guard let promise, let muxer else { return link.hangUp(from: .dialer, notBefore: &lastArrival) }
        self.promise = nil
        do {
            promise.succeed(
                try upgrader.adopt(
                    muxer, securedAs: SecuredPeer(publicKey: link.listener.peer, muxer: nil),
                    ConnectionEnd(
                        role: .dialer, executor: executor, localAddress: link.dialer.address,
                        remoteAddress: link.listener.address, expectedPeer: expected)))
        } catch {
            muxer.close(.normal)
            promise.fail(error)
        }
    }

    /// Gives up, on the dialer's loop. Does nothing when the call was answered.
    func fail(_ error: NetworkError) {
        guard let promise, let muxer else { return }
        self.promise = nil
        muxer.close(.normal)
        promise.fail(error)
    }
}
