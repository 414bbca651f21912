import LibP2PCore
import NIOCore

extension StarShard {
    /// Begins to refresh, if anybody is there to be refreshed.
    func startTicking() {
        guard state.ticker == nil, state.count > 0, pace.refresh > .zero else { return }
        let tick = pace.refresh / Self.slotCount
        state.ticker = executor.schedule(after: max(tick, .milliseconds(1))) { [weak self] in self?.tick() }
    }

    private func tick() {
        state.ticker = nil
        let slot = state.turn
        state.turn = (slot + 1) % Self.slotCount
        if state.slots[slot].members.contains(where: \.state.isListening) { refresh(slot) }
        startTicking()
    }

    /// Tells all members of a slot of the same peers, each without itself, by one write each; the next ones are told of
    /// at the slot's next turn.
    private func refresh(_ slot: Int) {
        let page = roster.page(after: state.slots[slot].cursor)
        guard let last = page.serials.last else { return }
        state.slots[slot].cursor = last
        for member in state.slots[slot].members where member.state.isListening && !member.socket.isCongested {
            let own = member.state.serial
            guard let index = page.serials.firstIndex(of: own) else {
                counters.add(.refreshes, page.packets.count)
                member.socket.send(page.packets)
                continue
            }
            counters.add(.refreshes, page.packets.count - 1)
            if index > 0 { member.socket.send(page.packets.slice(0..<index)) }
            if index + 1 < page.packets.count { member.socket.send(page.packets.slice(index + 1..<page.packets.count)) }
        }
    }
}
