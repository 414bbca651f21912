/// Durations as go writes them: `30s`, `1h30m`, `1.5h`, `300ms`. A bare number counts as milliseconds, as js meant it.
enum GoDuration {
    /// The longest text that is read.
    private static let maxLength = 64

    /// Reads a duration; nil for anything else, and for negative ones.
    static func parse(_ text: String) -> Duration? {
        guard !text.isEmpty, text.utf8.count <= maxLength else { return nil }
        if let milliseconds = Int64(text), milliseconds >= 0 { return .milliseconds(milliseconds) }
        var rest = text[...]
        if rest.first == "+" { rest.removeFirst() }
        var total = 0.0
        while !rest.isEmpty {
            let digits = rest.prefix { $0.isASCII && $0.isNumber || $0 == "." }
            rest = rest.dropFirst(digits.count)
            let unit = rest.prefix { !($0.isASCII && $0.isNumber) && $0 != "." }
            rest = rest.dropFirst(unit.count)
            // go takes `.5` and `5.` too.
            let number = digits.hasSuffix(".") ? "0\(digits)0" : "0\(digits)"
            guard digits.contains(where: \.isNumber), let value = Double(number), let factor = seconds[unit] else {
                return nil
            }
            total += value * factor
        }
        // 292 years: what go can say.
        guard total.isFinite, total < 9_223_372_036 else { return nil }
        return .nanoseconds(Int64((total * 1e9).rounded()))
    }

    private static let seconds: [Substring: Double] = [
        "ns": 1e-9, "us": 1e-6, "\u{b5}s": 1e-6, "\u{3bc}s": 1e-6, "ms": 1e-3, "s": 1, "m": 60, "h": 3600,
    ]
}
