import Synchronization

/// A registered handler with its limits and its count of open streams in the whole node.
public final class StreamRoute: Sendable {
    /// Serves the streams.
    public let handler: any StreamHandler
    /// What each stream is allowed; read once at registration.
    public let limits: StreamLimits

    private let active = Atomic<Int>(0)

    /// Registers a handler.
    ///
    /// - Parameter limits: those that hold instead of the handler's own.
    public init(_ handler: any StreamHandler, limits: StreamLimits? = nil) {
        self.handler = handler
        self.limits = limits ?? handler.limits
    }

    /// Streams of this handler that are open now, in the whole node.
    public var activeStreams: Int { active.load(ordering: .relaxed) }

    /// Counts one more stream.
    ///
    /// - Returns: false when the protocol's total is reached; then nothing was counted.
    func admit() -> Bool {
        let count = active.wrappingAdd(1, ordering: .relaxed).newValue
        if let total = limits.total, count > total {
            active.wrappingSubtract(1, ordering: .relaxed)
            return false
        }
        return true
    }

    /// Ends what ``admit()`` began.
    func release() { active.wrappingSubtract(1, ordering: .relaxed) }
}
