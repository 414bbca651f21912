import Synchronization

/// Counters of a DHT, readable from anywhere.
public final class KademliaStatistics: Sendable {
    private let findNode = Atomic<UInt64>(0)
    private let getProviders = Atomic<UInt64>(0)
    private let addProvider = Atomic<UInt64>(0)
    private let getValue = Atomic<UInt64>(0)
    private let putValue = Atomic<UInt64>(0)
    private let ping = Atomic<UInt64>(0)
    private let checking = Atomic<Int>(0)
    private let waiting = Atomic<Int>(0)
    private let provided = Atomic<Int>(0)
    private let published = Atomic<Int>(0)

    init() {}

    /// How many requests of a kind were read, refused ones included.
    public func requests(_ kind: KademliaMessage.Kind) -> UInt64 {
        switch kind {
        case .findNode: findNode.load(ordering: .relaxed)
        case .getProviders: getProviders.load(ordering: .relaxed)
        case .addProvider: addProvider.load(ordering: .relaxed)
        case .getValue: getValue.load(ordering: .relaxed)
        case .putValue: putValue.load(ordering: .relaxed)
        case .ping: ping.load(ordering: .relaxed)
        }
    }

    /// Peers that are asked now whether they live, before they come into the routing table.
    public var checksUnderWay: Int { checking.load(ordering: .relaxed) }

    /// Peers that wait to be asked so.
    public var checksWaiting: Int { waiting.load(ordering: .relaxed) }

    /// Keys that this node provides.
    public var provisions: Int { provided.load(ordering: .relaxed) }

    /// Values that this node puts again until they run out.
    public var publications: Int { published.load(ordering: .relaxed) }

    func note(_ announcements: AnnouncementBook) {
        provided.store(announcements.count(.provider), ordering: .relaxed)
        published.store(announcements.count(.value), ordering: .relaxed)
    }

    func noteChecks(underWay: Int) { checking.store(underWay, ordering: .relaxed) }

    func noteChecks(waiting count: Int) { waiting.store(count, ordering: .relaxed) }

    func count(_ kind: KademliaMessage.Kind) {
        switch kind {
        case .findNode: findNode.wrappingAdd(1, ordering: .relaxed)
        case .getProviders: getProviders.wrappingAdd(1, ordering: .relaxed)
        case .addProvider: addProvider.wrappingAdd(1, ordering: .relaxed)
        case .getValue: getValue.wrappingAdd(1, ordering: .relaxed)
        case .putValue: putValue.wrappingAdd(1, ordering: .relaxed)
        case .ping: ping.wrappingAdd(1, ordering: .relaxed)
        }
    }
}
