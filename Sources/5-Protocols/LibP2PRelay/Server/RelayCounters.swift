import Synchronization

/// Counts what happens at a relay. Metrics read it.
public final class RelayCounters: Sendable {
    /// What is counted.
    public enum Event: String, Sendable, CaseIterable {
        /// A peer got a place.
        case reserved
        /// A peer kept its place.
        case renewed
        /// A reservation came to its time.
        case expired
        /// A peer with a reservation left.
        case left
        /// A circuit was opened: both sides agreed.
        case opened
    }

    private final class Cell: Sendable {
        let value = Atomic<UInt64>(0)
    }

    private let events: [Event: Cell]
    private let refusals: [RelayRefusal: Cell]
    private let endings: [CircuitEnding: Cell]

    init() {
        events = Dictionary(uniqueKeysWithValues: Event.allCases.map { ($0, Cell()) })
        refusals = Dictionary(uniqueKeysWithValues: RelayRefusal.allCases.map { ($0, Cell()) })
        endings = Dictionary(uniqueKeysWithValues: CircuitEnding.allCases.map { ($0, Cell()) })
    }

    /// How often it happened.
    public subscript(event: Event) -> UInt64 { events[event]?.value.load(ordering: .relaxed) ?? 0 }

    /// How many requests were refused for a reason.
    public subscript(refusal: RelayRefusal) -> UInt64 { refusals[refusal]?.value.load(ordering: .relaxed) ?? 0 }

    /// How many circuits ended in a way.
    public subscript(ending: CircuitEnding) -> UInt64 { endings[ending]?.value.load(ordering: .relaxed) ?? 0 }

    func count(_ event: Event) { events[event]?.value.wrappingAdd(1, ordering: .relaxed) }

    func count(_ refusal: RelayRefusal) { refusals[refusal]?.value.wrappingAdd(1, ordering: .relaxed) }

    func count(_ ending: CircuitEnding) { endings[ending]?.value.wrappingAdd(1, ordering: .relaxed) }
}
