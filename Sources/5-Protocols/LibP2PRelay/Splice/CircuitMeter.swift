import Synchronization

/// Counts the bytes of one circuit as they pass. Readable from anywhere.
final class CircuitMeter: Sendable {
    private let toTarget = Atomic<UInt64>(0)
    private let toSource = Atomic<UInt64>(0)

    /// Bytes from the source to the target.
    var bytesToTarget: UInt64 { toTarget.load(ordering: .relaxed) }

    /// Bytes from the target to the source.
    var bytesToSource: UInt64 { toSource.load(ordering: .relaxed) }

    func add(_ count: Int, from side: Splice.Side) {
        switch side {
        case .source: toTarget.wrappingAdd(UInt64(count), ordering: .relaxed)
        case .target: toSource.wrappingAdd(UInt64(count), ordering: .relaxed)
        }
    }
}
