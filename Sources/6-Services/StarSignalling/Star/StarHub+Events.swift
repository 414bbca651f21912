import LibP2PCore
import NIOCore

extension StarHub {
    /// See ``SocketService``.
    package func received(_ event: SocketEvent, from socket: ServerSocket) {
        guard let member = socket.service as? StarMember, allows(event, from: member) else { return }
        switch event.name {
        case "ss-handshake":
            noteExtraArguments(event, beyond: 1)
            handshake(event, from: member)
        case "ss-join":
            noteExtraArguments(event, beyond: 1)
            join(event, member)
        // An argument is borne: some clients name what they leave.
        case "ss-leave":
            noteExtraArguments(event, beyond: 1)
            leave(member)
            member.state.isListening = false
        default: counters.count(.unknownEvent)
        }
    }

    /// Too many events are ignored; who goes on nevertheless is closed.
    private func allows(_ event: SocketEvent, from member: StarMember) -> Bool {
        guard limits.eventsPerSecond > 0 else { return true }
        let cost = limits.bytesPerEvent > 0 ? 1 + event.text.readableBytes / limits.bytesPerEvent : 1
        let isAllowed = member.state.events.take(
            cost, perSecond: limits.eventsPerSecond, capacity: max(1, limits.eventBurst),
            now: member.socket.executor.now)
        guard !isAllowed else {
            // One makes up for one: in a flood some always come when there is room again.
            member.state.excess = max(0, member.state.excess - 1)
            return true
        }
        counters.count(.eventRate)
        member.state.excess += 1
        if member.state.excess >= max(1, limits.eventBurst) { member.socket.close(.flood) }
        return false
    }

    private func noteExtraArguments(_ event: SocketEvent, beyond count: Int) {
        if event.arguments.count > count || !event.attachments.isEmpty { counters.count(.extraArguments) }
    }

    // MARK: Joining

    private func join(_ event: SocketEvent, _ member: StarMember) {
        counters.count(.joins)
        if let refusal = refusalOfJoin(event, member) {
            counters.count(.joinFailures)
            counters.count(refusal)
        } else {
            counters.count(.joinSuccesses)
        }
    }

    private func refusalOfJoin(_ event: SocketEvent, _ member: StarMember) -> StarRefusal? {
        guard let address = event.arguments.first.flatMap({ StarAddress(json: $0) }) else { return .malformedJoin }
        let socket = member.socket
        guard takeJoin(of: socket.source, now: socket.executor.now) else { return .joinRate }
        let old = member.state.claim
        guard let joined = roster.join(address, member, leaving: old) else { return .peers }
        member.state.claim = (address, joined.claim.stamp)
        member.state.serial = joined.claim.serial
        member.state.isListening = true
        member.shard.remove(member)
        member.shard.add(member)
        if !joined.others.isEmpty {
            counters.add(.introductions, joined.others.count)
            socket.send(joined.others)
        }
        guard let link = currentLink else { return nil }
        if let old, joined.hasMoved { link.left(old.address, old.stamp) }
        link.joined(address, joined.claim.stamp)
        return nil
    }

    /// Ends a socket's entry, if it still has it.
    func leave(_ member: StarMember) {
        guard let claim = member.state.claim else { return }
        member.state.claim = nil
        guard roster.leave(claim.address, claim.stamp) else { return }
        counters.count(.leaves)
        currentLink?.left(claim.address, claim.stamp)
    }

    // MARK: Handshakes

    /// What stands around a handshake's text: a frame's header and the event.
    private static let handshakeOverhead = 32

    private func handshake(_ event: SocketEvent, from member: StarMember) {
        counters.count(.dials)
        guard event.attachments.isEmpty, let offer = event.arguments.first.flatMap({ HandshakeOffer($0) }) else {
            return fail(.malformedHandshake)
        }
        if offer.isAnswer {
            counters.count(.dialSuccesses)
            return pass(offer.text, to: offer.source) { [counters] in counters.count($0) }
        }
        // Who can name any address as its own could have others' answers sent to it.
        guard let claim = member.state.claim, claim.address == offer.source,
            roster.holds(claim.address, claim.stamp)
        else { return fail(.foreignSource) }
        pass(offer.text, to: offer.target, isReturned: true) { [self] refusal in
            fail(refusal)
            var packets = PacketBatch()
            packets.append(event: "ws-handshake", argument: offer.refused)
            member.hand(packets) {}
        }
    }

    private func fail(_ refusal: StarRefusal) {
        counters.count(.dialFailures)
        counters.count(refusal)
    }

    /// Passes a handshake on to whoever holds an address.
    ///
    /// - Parameter lost: is called, on some loop, when that is not possible.
    private func pass(
        _ text: ByteBuffer, to target: StarAddress, isReturned: Bool = false,
        orElse lost: @escaping @Sendable (StarRefusal) -> Void
    ) {
        switch roster.directory[target]?.holder {
        case nil: lost(.absent)
        case .remote(let node):
            let handshake = ForwardedHandshake(target: target, text: text, isReturned: isReturned)
            guard let link = currentLink else { return lost(.absent) }
            counters.count(.handshakesSent)
            link.forward(handshake, to: node) { lost(.absent) }
        case .local(let other): deliver(text, to: other) { lost(.congested) }
        }
    }

    private func deliver(_ text: ByteBuffer, to member: StarMember, orElse lost: @escaping @Sendable () -> Void) {
        var packets = PacketBatch()
        packets.reserve(packets: 1, bytes: text.readableBytes + Self.handshakeOverhead)
        packets.append(event: "ws-handshake", argument: text)
        counters.count(.handshakes)
        member.hand(packets, orElse: lost)
    }

    /// Delivers a handshake that came from another node. It is not passed on once more.
    ///
    /// - Parameter lost: is called, on some loop, when the peer is not here.
    package func arrived(_ handshake: ForwardedHandshake, orElse lost: @escaping @Sendable () -> Void) {
        counters.count(.handshakesReceived)
        guard case .local(let member) = roster.directory[handshake.target]?.holder else { return lost() }
        deliver(handshake.text, to: member, orElse: lost)
    }
}
