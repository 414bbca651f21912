import LibP2PCore
import LibP2PIdentity
import Multiformats
import NIOCore

/// Tries whether a peer can be reached from here.
struct DialBack {
    let network: any Network

    /// Dials all addresses at once.
    ///
    /// - Returns: the first that was answered by the peer; its connection is closed again. Nil when none was within the
    ///   limit.
    func firstReachable(_ addresses: [Multiaddr], of peer: PeerID, within limit: Duration) async -> Multiaddr? {
        await withTaskGroup(of: Multiaddr?.self) { group in
            for address in addresses {
                group.addTask {
                    await withConnection(to: address, of: peer, within: limit) { _ in address }
                }
            }
            defer { group.cancelAll() }
            while let outcome = await group.next() {
                if let outcome { return outcome }
            }
            return nil
        }
    }

    /// Dials one address, calls `body` with the connection, and closes that.
    ///
    /// - Returns: nil when the peer did not answer within the limit.
    func withConnection<Result: Sendable>(
        to address: Multiaddr, of peer: PeerID, within limit: Duration,
        _ body: @Sendable (Connection) async -> Result
    ) async -> Result? {
        guard let connection = await dial(address, peer, within: limit) else { return nil }
        let result = await body(connection)
        await connection.close()
        return result
    }

    private func dial(_ address: Multiaddr, _ peer: PeerID, within limit: Duration) async -> Connection? {
        await withTaskGroup(of: Connection?.self) { group in
            group.addTask { try? await network.dial(address, expecting: peer) }
            group.addTask {
                try? await network.home.sleep(for: limit)
                return nil
            }
            // Whichever is first: a dial that failed, or none within the limit, is no connection.
            let first = await group.next() ?? nil
            group.cancelAll()
            guard first == nil else { return first }
            // A dial that succeeded in spite of being cancelled has nobody to use it.
            while let late = await group.next() { await late?.close() }
            return nil
        }
    }
}
