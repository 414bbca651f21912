/// What an implementation does that a conformance suite forbids.
public struct ConformanceFailure: Error, Sendable, Equatable, CustomStringConvertible {
    /// What was expected and what happened, with the values.
    public let description: String

    /// Describes a failure.
    public init(_ description: String) { self.description = description }

    /// Throws unless the condition holds.
    static func check(_ condition: Bool, _ description: @autoclosure () -> String) throws {
        if !condition { throw ConformanceFailure(description()) }
    }
}
