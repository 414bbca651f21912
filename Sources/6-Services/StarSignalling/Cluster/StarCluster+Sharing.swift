import LibP2PCore
import Logging
import NIOCore
import Redis
import Synchronization

// What this node says to others. Joins come from any loop, so they may come in another order than they happened in: what
// the roster says when they are told is what counts.
extension StarCluster: StarLink {
    /// See ``StarLink``.
    package nonisolated func joined(_ address: StarAddress, _ stamp: JoinStamp) {
        executor.loop.execute {
            self.assumeIsolated { cluster in
                guard cluster.hub.roster.holds(address, stamp) else { return }
                cluster.write([(address, stamp)])
                cluster.tell(.joined(address, stamp))
            }
        }
    }

    /// See ``StarLink``.
    package nonisolated func left(_ address: StarAddress, _ stamp: JoinStamp) {
        executor.loop.execute {
            self.assumeIsolated { cluster in
                guard cluster.hub.roster.directory[address]?.holder.isLocal != true else { return }
                cluster.strike(address)
                cluster.tell(.left(address, stamp))
            }
        }
    }

    /// See ``StarLink``.
    package nonisolated func forward(
        _ handshake: ForwardedHandshake, to node: StarNodeID, orElse lost: @escaping @Sendable () -> Void
    ) {
        executor.loop.execute {
            self.assumeIsolated { $0.send(handshake, to: node, orElse: lost) }
        }
    }

    // MARK: Writing

    /// Peers that one command writes.
    private static let peersAtOnce = 256

    /// Writes all of this node's peers, and that it lives.
    func register(_ commander: RedisConnection) {
        commander.send(RESPCommand("DEL", keys.peers(node)))
        write(hub.roster.localClaims.map { ($0.address, $0.claim.stamp) })
        showAlive(commander)
    }

    /// Says that the node lives, and for how long that can be believed.
    func showAlive(_ commander: RedisConnection) {
        let expiry = "\(max(1, timing.expiry.nanoseconds / 1_000_000))"
        // In this order: a node whose name is there without a sign of life is taken to be dead.
        commander.send(RESPCommand("SET", keys.alive(node), "1", "PX", expiry))
        commander.send(RESPCommand("SADD", keys.nodes, "\(node)"))
        // The peers stay longer than the sign of life, so that they do not vanish while it is renewed.
        commander.send(RESPCommand("PEXPIRE", keys.peers(node), "\(expiry)0")) { [self] answer in
            assumeIsolated { $0.checkPeersAreThere(answer) }
        }
        tell(.alive(node, peers: UInt32(clamping: hub.roster.localCount)))
    }

    /// Writes the peers again where somebody emptied Redis.
    private func checkPeersAreThere(_ answer: Result<RESPValue, RedisError>) {
        guard case .success(.integer(0)) = answer, hub.roster.localCount > 0, let commander, !isRestoring else {
            return
        }
        isRestoring = true
        logger.warning("Redis has lost this node's peers; they are written again.")
        register(commander)
    }

    private func write(_ claims: [(StarAddress, JoinStamp)]) {
        guard let commander else { return }
        var rest = claims[...]
        while !rest.isEmpty {
            var parts = [ByteBuffer(string: "HSET"), ByteBuffer(string: keys.peers(node))]
            for (address, stamp) in rest.prefix(Self.peersAtOnce) {
                parts += [ByteBuffer(bytes: address.bytes), ByteBuffer(string: "\(stamp.time)")]
            }
            commander.send(RESPCommand(parts))
            rest = rest.dropFirst(Self.peersAtOnce)
        }
    }

    /// Takes an address out of what this node wrote.
    func strike(_ address: StarAddress) {
        commander?.send(
            RESPCommand([
                ByteBuffer(string: "HDEL"), ByteBuffer(string: keys.peers(node)), ByteBuffer(bytes: address.bytes),
            ]))
    }

    /// Says something to all nodes.
    func tell(_ message: ClusterMessage) {
        commander?.send(
            RESPCommand([ByteBuffer(string: "PUBLISH"), ByteBuffer(string: keys.news), message.encoded]))
    }

    /// Sends a handshake to a node.
    ///
    /// - Parameter lost: is called when nobody listens there.
    func send(_ handshake: ForwardedHandshake, to other: StarNodeID, orElse lost: @escaping @Sendable () -> Void) {
        guard let commander else { return lost() }
        let message = ClusterMessage.handshake(handshake, from: node).encoded
        commander.send(
            RESPCommand([ByteBuffer(string: "PUBLISH"), ByteBuffer(string: keys.inbox(other)), message])
        ) { answer in
            guard case .success(.integer(1...)) = answer else { return lost() }
        }
    }
}
