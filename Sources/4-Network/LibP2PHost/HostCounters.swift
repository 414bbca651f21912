import Synchronization

/// Counts what happens on a host. Metrics read it; nothing on the way of a byte waits for it.
public final class HostCounters: Sendable {
    /// What is counted.
    public enum Event: Int, Sendable, CaseIterable {
        /// An inbound connection became ready.
        case openedInbound
        /// An outbound connection became ready.
        case openedOutbound
        /// A connection ended.
        case closed
        /// A connection was closed to make room.
        case trimmed
        /// A handshake failed.
        case handshakeFailed
        /// A handshake took too long.
        case handshakeTimeout
        /// A dial of one address began.
        case dialStarted
        /// A dial of one address failed.
        case dialFailed
        /// A stream's protocol was agreed.
        case streamOpened
        /// A stream ended in order.
        case streamClosed
        /// A stream was reset by this node.
        case streamReset
    }

    private let events: [Cell] = Event.allCases.map { _ in Cell() }
    private let refusals: [RefusalReason: Cell]

    private final class Cell: Sendable {
        let value = Atomic<UInt64>(0)
    }

    init() {
        refusals = Dictionary(uniqueKeysWithValues: RefusalReason.allCases.map { ($0, Cell()) })
    }

    /// How often it happened.
    public subscript(event: Event) -> UInt64 { events[event.rawValue].value.load(ordering: .relaxed) }

    /// How many connections were refused for a reason.
    public subscript(reason: RefusalReason) -> UInt64 { refusals[reason]?.value.load(ordering: .relaxed) ?? 0 }

    func count(_ event: Event) { events[event.rawValue].value.wrappingAdd(1, ordering: .relaxed) }

    func refused(_ reason: RefusalReason) { refusals[reason]?.value.wrappingAdd(1, ordering: .relaxed) }
}
