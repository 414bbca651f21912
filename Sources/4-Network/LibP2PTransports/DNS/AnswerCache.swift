import LibP2PCore
import NIOCore

/// Answers of the name system, each until its end of life; a bounded number of them.
struct AnswerCache {
    private struct Entry {
        let answer: NameAnswer
        let end: NIODeadline
    }

    private let capacity: Int
    private let maxLifetime: TimeAmount
    private var entries: [NameQuestion: Entry] = [:]

    init(capacity: Int, maxLifetime: TimeAmount) {
        self.capacity = capacity
        self.maxLifetime = maxLifetime
    }

    var count: Int { entries.count }

    /// The answer that still lives at this time.
    func answer(to question: NameQuestion, at now: NIODeadline) -> NameAnswer? {
        guard let entry = entries[question], entry.end > now else { return nil }
        return entry.answer
    }

    /// Keeps an answer. When there is no room, those that have died go, or else the one that would die first.
    mutating func insert(
        _ answer: NameAnswer, to question: NameQuestion, lifetime: TimeAmount, at now: NIODeadline
    ) {
        guard capacity > 0, lifetime > .zero else { return }
        if entries.count >= capacity, entries[question] == nil {
            entries = entries.filter { $0.value.end > now }
            if entries.count >= capacity, let first = entries.min(by: { $0.value.end < $1.value.end }) {
                entries[first.key] = nil
            }
        }
        entries[question] = Entry(answer: answer, end: now + min(lifetime, maxLifetime))
    }
}
