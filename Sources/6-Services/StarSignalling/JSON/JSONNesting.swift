/// The arrays and objects that a scanner is in: a stack of bits.
struct JSONNesting {
    /// What a level is.
    enum Level {
        case object, array
    }

    private(set) var count = 0
    /// The innermost 64 levels, the innermost in the lowest bit; 1 is an object.
    private var top: UInt64 = 0
    /// The levels outside of those, 64 in each word.
    private var rest: [UInt64] = []

    var isEmpty: Bool { count == 0 }

    /// Whether the innermost level is an object.
    var isInObject: Bool { top & 1 == 1 }

    mutating func enter(_ level: Level) {
        if count > 0, count % 64 == 0 {
            rest.append(top)
            top = 0
        }
        top = top << 1 | (level == .object ? 1 : 0)
        count += 1
    }

    mutating func leave() {
        guard count > 0 else { return }
        count -= 1
        top >>= 1
        if count > 0, count % 64 == 0 { top = rest.popLast() ?? 0 }
    }
}
