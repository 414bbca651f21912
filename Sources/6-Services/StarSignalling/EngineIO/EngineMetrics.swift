import Metrics

/// What the engine counts. The counters are made once: to look one up costs a lock.
struct EngineMetrics: Sendable {
    private let opened: [EngineRevision: Counter]
    private let closed: [CloseReason: Counter]
    private let refused: [EngineRefusal: Counter]
    private let ignored: [Nonsense: Counter]
    private let upgrades = Counter(label: "waystation_star_upgrades_total")

    /// Well-formed packets that mean nothing.
    enum Nonsense: String, CaseIterable {
        /// An event without a name, or with a number for one.
        case nameless
        /// JSON that is nested deeper than what is passed on.
        case depth
        /// The acknowledgement of something that was never asked to be acknowledged.
        case acknowledgement
        /// A namespace that does not exist.
        case namespace
        /// A second connect to the namespace.
        case connect
    }

    init() {
        opened = Self.counters([.three, .four], "sessions_total", "revision") { "\($0.rawValue)" }
        closed = Self.counters(CloseReason.allCases, "closed_sessions_total", "reason", \.rawValue)
        refused = Self.counters(EngineRefusal.allCases, "refused_requests_total", "reason", \.rawValue)
        ignored = Self.counters(Nonsense.allCases, "ignored_packets_total", "reason", \.rawValue)
    }

    private static func counters<Key: Hashable>(
        _ keys: [Key], _ name: String, _ dimension: String, _ value: (Key) -> String
    ) -> [Key: Counter] {
        Dictionary(
            uniqueKeysWithValues: keys.map {
                ($0, Counter(label: "waystation_star_\(name)", dimensions: [(dimension, value($0))]))
            })
    }

    func countOpened(_ revision: EngineRevision) { opened[revision]?.increment() }
    func countClosed(_ reason: CloseReason) { closed[reason]?.increment() }
    func countRefused(_ refusal: EngineRefusal) { refused[refusal]?.increment() }
    func countIgnored(_ nonsense: Nonsense) { ignored[nonsense]?.increment() }
    func countUpgrade() { upgrades.increment() }
}
