import Synchronization

/// Where a node is in its life, as its health routes report it.
public final class HealthState: Sendable {
    /// A stage of a node's life.
    public enum Stage: String, Sendable {
        /// Not all listeners accept yet.
        case starting
        /// Everything accepts.
        case ready
        /// Told to stop: what is under way is finished, nothing new is begun.
        case draining
    }

    private let current = Mutex(Stage.starting)

    /// Starts in `.starting`.
    public init() {}

    /// The present stage.
    public var stage: Stage { current.withLock { $0 } }

    /// Whether traffic may be sent here.
    public var isReady: Bool { stage == .ready }

    /// Goes on to `stage`. A life has no way back: an earlier stage than the present one is ignored.
    public func advance(to stage: Stage) {
        current.withLock { current in
            if stage.order > current.order { current = stage }
        }
    }
}

extension HealthState.Stage {
    fileprivate var order: Int {
        switch self {
        case .starting: 0
        case .ready: 1
        case .draining: 2
        }
    }
}
