import Synchronization

/// Counts what happens at a star. Metrics read it.
public final class StarCounters: Sendable {
    /// What is counted.
    public enum Event: Int, Sendable, CaseIterable {
        /// A client asked to join.
        case joins
        /// It joined.
        case joinSuccesses
        /// It did not.
        case joinFailures
        /// A client left, or went away while it was joined.
        case leaves
        /// A client asked to pass a handshake on.
        case dials
        /// It was an answer.
        case dialSuccesses
        /// It led nowhere.
        case dialFailures
        /// A handshake was passed on to a peer of this node.
        case handshakes
        /// A handshake was passed on to another node.
        case handshakesSent
        /// A handshake came from another node.
        case handshakesReceived
        /// A peer was told of a newcomer.
        case announcements
        /// A peer was written newcomers to, one or many.
        case announcementWrites
        /// A peer was told of another one again.
        case refreshes
        /// A newcomer was told of a peer that was there.
        case introductions
    }

    private final class Cell: Sendable {
        let value = Atomic<UInt64>(0)
    }

    private let events = Event.allCases.map { _ in Cell() }
    private let refusals = StarRefusal.allCases.map { _ in Cell() }

    init() {}

    /// How often it happened.
    public subscript(event: Event) -> UInt64 { events[event.rawValue].value.load(ordering: .relaxed) }

    /// How much was refused or ignored for a reason.
    public subscript(refusal: StarRefusal) -> UInt64 { refusals[refusal.place].value.load(ordering: .relaxed) }

    func count(_ event: Event) { add(event, 1) }

    func add(_ event: Event, _ count: Int) {
        guard count > 0 else { return }
        events[event.rawValue].value.wrappingAdd(UInt64(count), ordering: .relaxed)
    }

    func count(_ refusal: StarRefusal) { refusals[refusal.place].value.wrappingAdd(1, ordering: .relaxed) }
}

/// Why something that a client asked for was not done.
public enum StarRefusal: String, Sendable, CaseIterable {
    /// The IP address has too many sockets.
    case socketsPerIP = "sockets_per_ip"
    /// A join whose address is no string, is empty, or is too long.
    case malformedJoin = "malformed_join"
    /// The IP address joins too often.
    case joinRate = "join_rate"
    /// There are too many peers.
    case peers
    /// A handshake that is no object with two addresses.
    case malformedHandshake = "malformed_handshake"
    /// An offer from an address that the client has not joined under.
    case foreignSource = "foreign_source"
    /// The other peer is not there.
    case absent
    /// The other peer is there, but takes too little of what it is sent.
    case congested
    /// An event that a star has not.
    case unknownEvent = "unknown_event"
    /// An event had more arguments than it should; these were ignored.
    case extraArguments = "extra_arguments"
    /// The client sends too many events.
    case eventRate = "event_rate"

    var place: Int { Self.places[self] ?? 0 }

    private static let places = Dictionary(uniqueKeysWithValues: zip(allCases, allCases.indices))
}
