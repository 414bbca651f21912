import LibP2PCore
import NIOCore
import Synchronization

extension StarShard {
    /// Announcements that all receivers share, and how far they have been told.
    struct Telling: Sendable {
        let packets: PacketBatch
        /// Who they announce: ascending, since the roster gives them in order.
        let serials: [UInt64]
        var slot = 0
        var spent = TimeAmount.zero
    }

    /// Takes an announcement, from any thread.
    func post(_ announcement: Announcement) {
        let isFirst = inbox.withLock { inbox in
            guard inbox.announcements.count < Self.waitingLimit else { return false }
            inbox.announcements.append(announcement)
            defer { inbox.isCalled = true }
            return !inbox.isCalled
        }
        if isFirst { executor.loop.execute { self.wake() } }
    }

    private func wake() {
        guard case .idle(let since) = state.flush else { return }
        state.flush = .waiting
        let now = executor.now
        if let since, since + state.gathering > now {
            executor.loop.scheduleTask(deadline: since + state.gathering) { self.tell() }
        } else {
            tell()
        }
    }

    private func tell() {
        let announcements = inbox.withLock { inbox in
            defer { inbox = Inbox() }
            return inbox.announcements
        }
        var packets = PacketBatch()
        packets.reserve(
            packets: announcements.count, bytes: announcements.reduce(0) { $0 + $1.packet.byteCount })
        for announcement in announcements { packets.append(0..<1, of: announcement.packet) }
        state.flush = .telling
        tell(Telling(packets: packets, serials: announcements.map(\.serial)))
    }

    /// Tells slot after slot. Many are told in several goes, so that handshakes need not wait for all of them.
    private func tell(_ telling: Telling) {
        var telling = telling
        let start = executor.now
        var sends = 0
        while telling.slot < Self.slotCount, sends < Self.sendsInARow {
            for member in state.slots[telling.slot].members where member.state.isListening {
                sends += tell(telling, to: member)
            }
            telling.slot += 1
        }
        counters.add(.announcementWrites, sends)
        let now = executor.now
        telling.spent = telling.spent + (now - start)
        guard telling.slot >= Self.slotCount else {
            return executor.loop.execute { [telling] in self.tell(telling) }
        }
        // At most a fifth of the loop's time goes into announcements, as long as that delays none by half a second.
        state.gathering = min(max(TimeAmount(pace.gathering), telling.spent * 4), .milliseconds(500))
        state.flush = .idle(since: now)
        if inbox.withLock({ !$0.announcements.isEmpty }) { wake() }
    }

    private func tell(_ telling: Telling, to member: StarMember) -> Int {
        // Who joined knows all that came before by its list, and itself.
        let known = member.state.serial
        guard let last = telling.serials.last, known < last else { return 0 }
        let first = telling.serials.first.map { known < $0 } == true ? 0 : Self.index(in: telling.serials, after: known)
        let part = first == 0 ? telling.packets : telling.packets.slice(first..<telling.serials.count)
        counters.add(.announcements, part.count)
        member.socket.send(part)
        return 1
    }

    private static func index(in serials: [UInt64], after serial: UInt64) -> Int {
        serials.firstIndex { $0 > serial } ?? serials.count
    }
}
