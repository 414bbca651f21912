import Synchronization

/// A connection's place within the limits, held until it is released or forgotten.
public final class Admission: Sendable {
    private let onRelease: Mutex<(@Sendable () -> Void)?>

    /// Makes a place.
    ///
    /// - Parameter onRelease: gives the place back; called once.
    public init(onRelease: @escaping @Sendable () -> Void) { self.onRelease = Mutex(onRelease) }

    /// Gives the place back. Calling it again does nothing.
    public func release() {
        let action = onRelease.withLock { action in
            defer { action = nil }
            return action
        }
        action?()
    }

    deinit { release() }
}
