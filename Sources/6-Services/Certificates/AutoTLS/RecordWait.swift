/// How long to wait between two looks for a record that a name server is about to show: a second, then twice as long each
/// time, up to a minute, for three minutes in all.
struct RecordWait {
    private var step = Duration.seconds(1)
    private var waited = Duration.zero

    static let longestStep = Duration.seconds(60)
    static let total = Duration.seconds(180)

    /// The next pause; nil when there was time enough. The last pause ends with the time.
    mutating func next() -> Duration? {
        guard waited < Self.total else { return nil }
        let pause = min(step, Self.total - waited)
        waited += pause
        step = min(step * 2, Self.longestStep)
        return pause
    }
}
