import LibP2PCore

/// How a circuit ended: the label of a counter.
public enum CircuitEnding: String, Sendable, CaseIterable, Codable {
    /// Both sides ended their direction, and all bytes were passed on.
    case finished
    /// A side reset its stream or lost its connection.
    case broken
    /// It carried all the bytes that it may.
    case byteLimit = "byte_limit"
    /// It lived as long as it may.
    case durationLimit = "duration_limit"
    /// The relay ended it.
    case closed
}
