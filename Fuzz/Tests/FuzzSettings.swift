import Foundation

/// How much is tried, from the environment.
enum FuzzSettings {
    /// Mutated inputs for each parser: `WAYSTATION_FUZZ_ROUNDS`. Slow parsers get a fraction of it.
    static let rounds = number("WAYSTATION_FUZZ_ROUNDS", or: 400)

    /// What the mutations are drawn from: `WAYSTATION_FUZZ_SEED`.
    static let seed = UInt64(number("WAYSTATION_FUZZ_SEED", or: 1))

    /// The most processor time that one input may take, in seconds. The slowest honest one takes a tenth in debug builds.
    static let timeLimit = 2.0

    private static func number(_ name: String, or fallback: Int) -> Int {
        ProcessInfo.processInfo.environment[name].flatMap { Int($0) }.map { max(0, $0) } ?? fallback
    }
}
