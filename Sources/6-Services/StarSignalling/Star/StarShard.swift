import LibP2PCore
import NIOCore
import Synchronization

/// The sockets of one loop: tells them of newcomers, and again of everybody from time to time.
///
/// Announcements of a moment are put into one batch that all receivers share; each is sent its part by one write. The
/// sockets stand in slots, which take turns in being refreshed, so that the work is spread over the interval.
final class StarShard: Sendable {
    /// How fast things go.
    struct Pace: Sendable {
        /// Everybody is refreshed once in such a time; zero for never.
        var refresh: Duration = .seconds(10)
        /// Announcements gather for so long, unless it is longer since the last ones: then they leave at once.
        var gathering: Duration = .milliseconds(10)
    }

    /// Slots: a hundred ticks of a refresh interval.
    static let slotCount = 100
    /// A slot may have so many members, and twice its share.
    private static let bearableMembers = 64
    /// So many sockets are sent to before others of the loop get their turn.
    static let sendsInARow = 512
    /// Announcements that wait for a loop that does not keep up. What does not fit in is left to the refresh.
    static let waitingLimit = 65_536

    struct Inbox {
        var announcements: [Announcement] = []
        var isCalled = false
    }

    struct State {
        var slots: [Slot] = Array(repeating: Slot(), count: StarShard.slotCount)
        var count = 0
        var flush = FlushState.idle(since: nil)
        /// How long announcements gather now: longer than the pace where telling them takes longer.
        var gathering: TimeAmount
        var turn = 0
        var ticker: Scheduled<Void>?
    }

    struct Slot {
        var members: [StarMember] = []
        /// The last one that the members were told of by a refresh.
        var cursor: UInt64 = 0
    }

    enum FlushState {
        /// Nothing to tell.
        case idle(since: NIODeadline?)
        /// It will be told in a moment.
        case waiting
        /// It is being told.
        case telling
    }

    let executor: LoopExecutor
    let roster: StarRoster
    let counters: StarCounters
    let pace: Pace
    let inbox = Mutex(Inbox())

    // SAFETY: read and written only while `executor.isCurrent`; the accessor asserts it.
    private nonisolated(unsafe) var stored: State

    init(_ executor: LoopExecutor, roster: StarRoster, counters: StarCounters, pace: Pace) {
        self.executor = executor
        self.roster = roster
        self.counters = counters
        self.pace = pace
        stored = State(gathering: TimeAmount(pace.gathering))
    }

    var state: State {
        _read {
            executor.loop.assertInEventLoop()
            yield stored
        }
        _modify {
            executor.loop.assertInEventLoop()
            yield &stored
        }
    }

    /// A socket is there, or has joined: it is refreshed for the first time in a whole interval from now.
    func add(_ member: StarMember) {
        let slot = latestSlotWithRoom
        member.state.slot = slot
        member.state.index = state.slots[slot].members.count
        state.slots[slot].members.append(member)
        state.count += 1
        startTicking()
    }

    /// The slot that had its turn last. When a crowd comes at once some of it goes to the slots before, so that no slot
    /// keeps the loop busy for long.
    private var latestSlotWithRoom: Int {
        let bearable = Self.bearableMembers + 2 * state.count / Self.slotCount
        var slot = state.turn
        repeat {
            slot = (slot + Self.slotCount - 1) % Self.slotCount
        } while state.slots[slot].members.count > bearable && slot != state.turn
        return slot
    }

    /// A socket is gone.
    func remove(_ member: StarMember) {
        let (slot, index) = (member.state.slot, member.state.index)
        guard index < state.slots[slot].members.count, state.slots[slot].members[index] === member else { return }
        // The last one takes its place. Slots are gone through whole, so nobody is left out by that.
        let last = state.slots[slot].members.removeLast()
        if last !== member {
            state.slots[slot].members[index] = last
            last.state.index = index
        }
        state.count -= 1
        if state.count == 0 {
            state.ticker?.cancel()
            state.ticker = nil
        }
    }
}
