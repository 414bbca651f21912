import Synchronization

/// Where chance comes from. Passed in, so that a simulation repeats itself from a seed.
///
/// Not for keys or nonces: those come from the cryptographic library.
public final class RandomSource: Sendable {
    private enum State: Sendable {
        case system
        case seeded(UInt64)
    }

    private let state: Mutex<State>

    /// The operating system's randomness.
    public init() { state = Mutex(.system) }

    /// A sequence (SplitMix64) that is the same for the same seed.
    public init(seed: UInt64) { state = Mutex(.seeded(seed)) }

    /// The next 64 bits.
    public func next() -> UInt64 {
        state.withLock { state in
            guard case .seeded(let last) = state else {
                var system = SystemRandomNumberGenerator()
                return system.next()
            }
            let seed = last &+ 0x9E37_79B9_7F4A_7C15
            state = .seeded(seed)
            var mixed = seed
            mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
            return mixed ^ (mixed >> 31)
        }
    }

    /// `count` random bytes.
    public func bytes(_ count: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count)
        while bytes.count < count {
            withUnsafeBytes(of: next()) { bytes.append(contentsOf: $0.prefix(count - bytes.count)) }
        }
        return bytes
    }

    /// A generator for the standard library's `random` and `shuffled` functions.
    public var generator: Generator { Generator(source: self) }

    /// Draws from its source.
    public struct Generator: RandomNumberGenerator, Sendable {
        let source: RandomSource

        /// The next 64 bits.
        public mutating func next() -> UInt64 { source.next() }
    }
}
