import LibP2PCore
import LibP2PIdentity
import Multiformats
import Synchronization

/// Accepts calls on one address of a ``MemoryNetwork``.
final class MemoryListener: Listener {
    let address: Multiaddr
    let peer: PublicKey
    let upgrader: any ConnectionUpgrader
    let loops: LoopGroup
    private let network: MemoryNetwork

    init(
        _ address: Multiaddr, peer: PublicKey, upgrader: any ConnectionUpgrader, loops: LoopGroup,
        network: MemoryNetwork
    ) {
        self.address = address
        self.peer = peer
        self.upgrader = upgrader
        self.loops = loops
        self.network = network
    }

    func close() async { network.remove(self) }

    /// Makes this side of a connection. Called on the loop of the listener's end of the link.
    ///
    /// - Parameter expected: whom the dialer wants to find here.
    /// - Throws: ``NetworkError``: what the dialer sees.
    func accept(_ link: MemoryLink, expecting expected: PeerID?) throws {
        guard network.listener(on: address) === self else {
            throw NetworkError(.unreachable, "Nobody listens on \(address).")
        }
        let admission = try upgrader.admit(from: link.dialer.address)
        // A dialer that finds another peer than it wants hangs up before its own identity is known here.
        if let expected, expected != peer.peerID {
            admission.release()
            throw NetworkError(.peerMismatch, "\(address) is \(peer.peerID), not \(expected).")
        }
        let muxer = MemoryMuxer(link, role: .listener)
        do {
            _ = try upgrader.adopt(
                muxer, securedAs: SecuredPeer(publicKey: link.dialer.peer, muxer: nil),
                ConnectionEnd(
                    role: .listener, executor: link.listener.executor, localAddress: address,
                    remoteAddress: link.dialer.address, admission: admission))
        } catch {
            admission.release()
            muxer.close(.normal)
            throw error
        }
    }
}
