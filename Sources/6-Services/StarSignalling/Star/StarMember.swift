import LibP2PCore
import NIOCore

/// A socket, as the star sees it. Its state is touched on its loop only.
package final class StarMember: Sendable {
    /// The way to it.
    let socket: ServerSocket
    /// Who looks after the sockets of its loop.
    let shard: StarShard

    /// What the star keeps with a socket.
    struct State {
        /// What it joined under, if that was not given up. Another socket may have taken the address since.
        var claim: (address: StarAddress, stamp: JoinStamp)?
        /// The serial of its own entry; 0 when it never joined.
        var serial: UInt64 = 0
        /// Whether it wants to know of others. From its beginning until it leaves.
        var isListening = true
        /// Its place in the shard.
        var slot = 0
        var index = 0
        /// Its allowance of events.
        var events: TokenBucket
        /// How many events in a row were too many.
        var excess = 0
    }

    // SAFETY: read and written only while the socket's executor is current; the accessor asserts it.
    private nonisolated(unsafe) var stored: State

    init(_ socket: ServerSocket, shard: StarShard, events: TokenBucket) {
        self.socket = socket
        self.shard = shard
        stored = State(events: events)
    }

    /// What the star keeps with the socket.
    var state: State {
        _read {
            socket.executor.loop.assertInEventLoop()
            yield stored
        }
        _modify {
            socket.executor.loop.assertInEventLoop()
            yield &stored
        }
    }

    /// Sends packets to the peer, from any loop.
    ///
    /// - Parameter lost: is called on the socket's loop instead when the peer is gone or lags too far behind.
    func hand(_ packets: PacketBatch, orElse lost: @escaping @Sendable () -> Void) {
        guard !socket.executor.isCurrent else { return handNow(packets, orElse: lost) }
        socket.executor.loop.execute { self.handNow(packets, orElse: lost) }
    }

    private func handNow(_ packets: PacketBatch, orElse lost: () -> Void) {
        guard socket.isOpen, !socket.isCongested else { return lost() }
        socket.send(packets)
    }
}
