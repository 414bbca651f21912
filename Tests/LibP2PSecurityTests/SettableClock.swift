import LibP2PCore
import Synchronization

/// A clock that stands where it was set.
final class SettableClock: Sendable {
    private let time: Mutex<Timestamp>

    init(_ time: Timestamp) { self.time = Mutex(time) }

    func set(_ value: Timestamp) { time.withLock { $0 = value } }

    var clock: WallClock { WallClock { self.time.withLock { $0 } } }
}

extension WallClock {
    /// A clock that never moves.
    static func standing(at time: Timestamp) -> WallClock { WallClock { time } }
}
