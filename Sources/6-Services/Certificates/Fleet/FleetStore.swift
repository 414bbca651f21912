/// What several nodes behind one name have in common, such as a Redis: a few small texts by name, and locks. Who can read it
/// has the certificates' keys.
public protocol FleetStore: Sendable {
    /// A text; nil when there is none.
    func read(_ name: String) async throws -> String?

    /// Puts a text in the place of an older one, for some time.
    func write(_ text: String, to name: String, for time: Duration) async throws

    /// Takes a text away.
    func remove(_ name: String) async throws

    /// Takes a lock that nobody holds, for some time at most.
    ///
    /// - Parameter owner: by what its holder is told from others.
    /// - Returns: whether it was free.
    func lock(_ name: String, by owner: String, for time: Duration) async throws -> Bool

    /// Gives a lock back, if `owner` holds it still.
    func unlock(_ name: String, by owner: String) async throws
}
