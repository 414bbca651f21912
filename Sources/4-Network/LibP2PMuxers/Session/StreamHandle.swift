/// Names one stream of a session: the place in the session's table, and which of the place's successive tenants is meant.
///
/// A handle outlives its stream without harm: once the stream is gone, every command with it does nothing.
package struct StreamHandle: Hashable, Sendable {
    /// The place in the table; small and dense, so that a shell may keep its own array beside it.
    package let slot: Int
    /// Counts the tenants of that place.
    let generation: UInt32
}
