public import LibP2PCore
public import LibP2PIdentity
public import Multiformats
import NIOCore
import Synchronization

extension Host {
    /// Returns a live connection or dials the peer at several addresses at once. See `Network`.
    public func connect(to peer: PeerID, at addresses: [Multiaddr] = []) async throws -> Connection {
        guard let connection = connections(to: peer).first else {
            return try await join(Dialer.Target(peer: peer, isDirect: false), addresses)
        }
        guard connection.isLimited else { return connection }
        do {
            // Another limited connection would be worth no more than the one there is.
            return try await join(Dialer.Target(peer: peer, isDirect: true), addresses)
        } catch  where connections(to: peer).contains(where: { $0 === connection }) {
            return connection
        }
    }

    /// Returns a live direct connection or dials one. See `Network`.
    public func connectDirectly(to peer: PeerID, at addresses: [Multiaddr] = []) async throws -> Connection {
        if let connection = connections(to: peer).first(where: { !$0.isRelayed }) { return connection }
        return try await join(Dialer.Target(peer: peer, isDirect: true), addresses)
    }

    /// Dials a peer, together with all who want the same.
    private func join(_ target: Dialer.Target, _ addresses: [Multiaddr]) async throws -> Connection {
        let peer = target.peer
        guard peer != localPeer else { throw NetworkError(.misuse, "The node cannot dial itself.") }
        if access.denies(peer) { throw refusal(.denied, "Peer \(peer) is on the deny list.") }
        let targets = addresses + knownPeers.addresses(of: peer)
        let (task, isNew) = dialer.state.withLock { state in
            if let task = state.dials[target] { return (task, false) }
            let task = home.spawnResult { [weak self] in
                guard let self else { throw NetworkError(.closed, "The host is gone.") }
                return try await self.race(to: target, targets)
            }
            state.dials[target] = task
            return (task, true)
        }
        guard isNew else { return try await task.value }
        defer { dialer.state.withLock { $0.dials[target] = nil } }
        return try await task.value
    }

    /// Dials one address. See `Network`.
    public func dial(_ address: Multiaddr, expecting peer: PeerID?) async throws -> Connection {
        let targets = try await resolved(address, peer ?? address.peerID)
        var last = NetworkError(.unreachable, "\(address) resolves to no address.")
        for target in targets {
            do {
                return try await attempt(target, peer ?? address.peerID)
            } catch let error as NetworkError {
                last = error
            }
        }
        throw last
    }

    /// Tries all addresses, each a little after the one before or as soon as that has failed; the first connection wins.
    private func race(to whom: Dialer.Target, _ addresses: [Multiaddr]) async throws -> Connection {
        let peer = whom.peer
        var targets: [Multiaddr] = []
        for address in addresses.prefix(DialPlan.maxAttempts * 4) {
            targets += (try? await resolved(address, peer)) ?? []
        }
        let now = home.now
        let transports = transports
        let plan = DialPlan(
            targets.filter { target in
                !(whom.isDirect && target.isCircuit) && transports.contains { $0.canDial(target) }
            })
        let attempts = dialer.state.withLock { state in
            plan.attempts.filter { state.backOff.allows($0.address, now: now) }
        }
        guard !attempts.isEmpty else {
            throw NetworkError(
                .unreachable,
                plan.attempts.isEmpty
                    ? "No address of \(peer) is known that this node can dial."
                    : "All addresses of \(peer) failed lately and are left alone for a while.")
        }
        return try await withThrowingTaskGroup(of: RaceEvent.self) { group in
            defer { group.cancelAll() }
            var waiting = attempts[...]
            var underWay = 0
            var failures: [NetworkError] = []
            func startNext() {
                guard let next = waiting.popFirst() else { return }
                underWay += 1
                group.addTask(executorPreference: home) { await self.outcome(of: next.address, peer) }
                guard !waiting.isEmpty else { return }
                group.addTask(executorPreference: home) {
                    try await self.home.sleep(for: DialPlan.stagger)
                    return .isTime
                }
            }
            startNext()
            while underWay > 0, let event = try await group.next() {
                switch event {
                case .connected(let connection):
                    group.cancelAll()
                    // Another address may have answered in the same moment; two connections are no better than one.
                    while let result = await group.nextResult() {
                        guard case .success(.connected(let other)) = result else { continue }
                        other.executor.spawn { await other.close() }
                    }
                    return connection
                case .isTime: startNext()
                case .failed(let error):
                    underWay -= 1
                    failures.append(error)
                    startNext()
                }
            }
            throw NetworkError(
                failures.contains { $0.code == .peerMismatch } ? .peerMismatch : .unreachable,
                "None of \(failures.count) addresses of \(peer) answered.", cause: failures.last)
        }
    }

    /// What happens while addresses are tried.
    private enum RaceEvent: Sendable {
        case connected(Connection)
        case failed(NetworkError)
        /// The next address gets its turn although none has failed.
        case isTime
    }

    private func outcome(of address: Multiaddr, _ peer: PeerID) async -> RaceEvent {
        do {
            let connection = try await attempt(address, peer)
            dialer.state.withLock { $0.backOff.succeeded(address) }
            return .connected(connection)
        } catch {
            let error = error as? NetworkError ?? NetworkError(.unreachable, "Dialling failed.", cause: error)
            if error.code != .cancelled {
                let now = home.now
                dialer.state.withLock { $0.backOff.failed(address, now: now) }
            }
            return .failed(NetworkError(error.code, "\(address): \(error.message)", cause: error))
        }
    }

    private func attempt(_ address: Multiaddr, _ peer: PeerID?) async throws -> Connection {
        guard let transport = transports.first(where: { $0.canDial(address) }) else {
            throw NetworkError(.unsupportedAddress, "No transport dials \(address).")
        }
        if let ip = address.ipAddress?.unmapped, access.denies(ip) {
            throw refusal(.denied, "Address \(ip) is on the deny list.")
        }
        let isFree = dialer.state.withLock { state in
            guard state.attempts < Dialer.maxAttempts else { return false }
            state.attempts += 1
            return true
        }
        guard isFree else { throw NetworkError(.refused, "\(Dialer.maxAttempts) dials are under way already.") }
        defer { dialer.state.withLock { $0.attempts -= 1 } }
        counters.count(.dialStarted)
        do {
            return try await dial(address, peer, by: transport)
        } catch {
            counters.count(.dialFailed)
            throw error
        }
    }

    /// Dials within the time for it. A connection that has been made counts, also when the time ended or the task was
    /// cancelled in that moment: the host has it already, and whoever does not want it must know of it to close it.
    private func dial(_ address: Multiaddr, _ peer: PeerID?, by transport: any Transport) async throws -> Connection {
        try await withThrowingTaskGroup(of: Connection.self) { group in
            group.addTask(executorPreference: home) {
                try await transport.dial(address, expecting: peer, upgrader: self, on: self.loops.next())
            }
            group.addTask(executorPreference: home) {
                try await self.home.sleep(for: Dialer.attemptTimeout)
                throw NetworkError(.timeout, "It took longer than \(Dialer.attemptTimeout).")
            }
            let first = await group.nextResult()
            group.cancelAll()
            if case .success(let connection) = await group.nextResult() { return connection }
            guard let first else { throw NetworkError(.cancelled, "The dial of \(address) was cancelled.") }
            return try first.get()
        }
    }

    /// The addresses to dial for one that may have a name, without `/p2p` at their ends; except circuits, which would be
    /// the same for all peers behind a relay then.
    ///
    /// - Parameter peer: whom a `/dnsaddr` must lead to; its entries for other peers do not count.
    private func resolved(_ address: Multiaddr, _ peer: PeerID?) async throws -> [Multiaddr] {
        let names: [MultiaddrProtocol] = [.dns, .dns4, .dns6, .dnsaddr]
        let bare = address.withoutPeerID ?? address
        let full = try peer.map { try bare.withPeerID($0) } ?? bare
        guard names.contains(where: { bare.contains($0) }) else { return [full.isCircuit ? full : bare] }
        guard let resolver = configuration.resolver else {
            throw NetworkError(.unsupportedAddress, "\(address) has a name, and the node has no resolver.")
        }
        return try await resolver.expand(full).map { $0.isCircuit ? $0 : $0.withoutPeerID ?? $0 }
    }
}
