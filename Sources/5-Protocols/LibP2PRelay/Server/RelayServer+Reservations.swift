import LibP2PCore
import LibP2PIdentity
import Multiformats
import NIOCore
import Synchronization

// Reservations of version 2.
extension RelayServer {
    /// What a peer gets to know of its reservation.
    private struct Grant {
        let expiration: UInt64
        let limit: CircuitLimit?
    }

    private enum Decision {
        case granted(Grant, isNew: Bool)
        case refused(RelayRefusal)
    }

    /// Bytes of addresses in an answer: leaves room for the voucher within the longest message.
    private static let mostAddressBytes = 3072
    /// What counts as for ever.
    private static let longestLifetime = Duration.seconds(365 * 24 * 3600)

    /// Answers a request for a place.
    func reserve(on connection: Connection) -> HopMessage {
        let peer = connection.remotePeer
        switch decide(connection) {
        case .refused(let refusal):
            note(refusal, of: peer, version: 2)
            return .status(refusal.status)
        case .granted(let grant, let isNew):
            // The connection may have ended before the reservation was there for its end to end it.
            guard !leaveIfGone(peer) else { return .status(.connectionFailed) }
            counters.count(isNew ? .reserved : .renewed)
            let voucher = ReservationVoucher(relay: network.localPeer, peer: peer, expiration: grant.expiration)
            return .status(
                .ok,
                reservation: ReservationMessage(
                    expiration: grant.expiration, addresses: reservationAddresses,
                    voucher: try? voucher.seal(with: network.identity)),
                limit: grant.limit)
        }
    }

    private func decide(_ connection: Connection) -> Decision {
        guard !connection.isRelayed else { return .refused(.relayed) }
        let peer = connection.remotePeer
        let now = network.home.now
        let time = network.clock.now
        let origin = origin(of: connection)
        return state.withLock { state in
            guard state.isRelaying else { return .refused(.notRelaying) }
            guard state.access.allowsReservation(of: peer) else { return .refused(.denied) }
            expire(in: &state, now: now)
            if let refusal = state.reservations.refusal(for: peer, from: origin, limits: state.limits) {
                return .refused(refusal)
            }
            let asked = state.limits.reservationLifetime
            let lifetime = asked > .zero ? min(asked, Self.longestLifetime) : Self.longestLifetime
            let expiration = UInt64(clamping: (time + lifetime).seconds)
            let isNew = state.reservations.reserve(
                peer, from: origin, until: now + TimeAmount(lifetime), expiration: expiration, now: now)
            if isNew { network.protect(peer, tag: Self.reservationTag) }
            state.ledger.book(peer, now: now) { $0.reservations += 1 }
            scheduleExpiry(in: &state, now: now)
            return .granted(
                Grant(expiration: expiration, limit: state.limits.circuit.announced), isNew: isNew)
        }
    }

    /// The peer's side as the limits per address see it.
    func origin(of connection: Connection) -> RequestOrigin {
        let address = connection.remoteAddress.ipAddress?.unmapped
        return RequestOrigin(
            address: address, isSpared: network.allowsPrivateAddresses && address.map { !$0.isPublic } ?? true)
    }

    /// The node's own addresses as a peer behind it tells them: public ones, with the node's id at the end.
    var reservationAddresses: [[UInt8]] {
        var room = Self.mostAddressBytes
        var addresses: [[UInt8]] = []
        for address in network.addresses where !address.isCircuit {
            guard address.isPublic || network.allowsPrivateAddresses,
                let bytes = try? address.withPeerID(network.localPeer).bytes, bytes.count <= room
            else { continue }
            room -= bytes.count
            addresses.append(bytes)
        }
        return addresses
    }

    // MARK: Expiry

    private func expire(in state: inout RelayState, now: NIODeadline) {
        for peer in state.reservations.expire(now: now) {
            network.unprotect(peer, tag: Self.reservationTag)
            counters.count(.expired)
        }
    }

    private func scheduleExpiry(in state: inout RelayState, now: NIODeadline) {
        guard let next = state.reservations.nextExpiry else { return }
        if let pending = state.expiry, pending.time <= next { return }
        state.expiry?.timer.cancel()
        // At least a second apart: a reservation that is over counts as none before it is cleared away.
        let time = max(next, now + .seconds(1))
        let timer = network.home.loop.scheduleTask(deadline: time) { [weak self] in
            guard let self else { return }
            let now = self.network.home.now
            self.state.withLock { state in
                state.expiry = nil
                self.expire(in: &state, now: now)
                self.scheduleExpiry(in: &state, now: now)
            }
        }
        state.expiry = (time, timer)
    }
}
