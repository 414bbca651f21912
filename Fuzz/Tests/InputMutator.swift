import LibP2PTesting

/// Makes inputs from those of the corpus: a few changes each, of the kinds that parsers stumble over.
struct InputMutator {
    /// Longer inputs are cut: a parser's limits lie below, or are passed by the corpus itself.
    private static let maxLength = 48 * 1024
    private static let borderBytes: [UInt8] = [0x00, 0x01, 0x7f, 0x80, 0xff]
    private static let borderNumbers: [UInt64] = [
        0, 1, 0x7f, 0x80, 0xff, 0x3fff, 0x4000, 0xffff, 1 << 20, 1 << 31, UInt64(UInt32.max), 1 << 32, 1 << 62,
        UInt64(Int64.max), 1 << 63, .max,
    ]

    private let corpus: [[UInt8]]
    private var random: SeededGenerator

    init(corpus: [[UInt8]], seed: UInt64, name: String) {
        self.corpus = corpus
        random = SeededGenerator(seed: seed &+ SeededGenerator.hash(of: name.utf8))
    }

    /// The next input.
    mutating func next() -> [UInt8] {
        var input = corpus[random.below(corpus.count)]
        for _ in 0...random.below(4) { change(&input) }
        return Array(input.prefix(Self.maxLength))
    }

    private mutating func change(_ input: inout [UInt8]) {
        guard !input.isEmpty else {
            input = noise()
            return
        }
        let place = random.below(input.count)
        switch random.below(12) {
        case 0: input[place] ^= 1 << UInt8(random.below(8))
        case 1: input[place] = UInt8(truncatingIfNeeded: random.next())
        case 2: input[place] = Self.borderBytes[random.below(Self.borderBytes.count)]
        case 3: input[place] &+= random.below(2) == 0 ? 1 : .max
        case 4: input.removeLast(input.count - place)
        case 5: input.removeSubrange(range(from: place, of: input))
        case 6: input.insert(contentsOf: input[range(from: place, of: input)], at: place)
        case 7: input.insert(contentsOf: noise(), at: place)
        case 8: splice(&input, at: place)
        case 9: putVarint(into: &input, at: place)
        case 10: putFixed(into: &input, at: place)
        default: input += corpus[random.below(corpus.count)]
        }
    }

    private mutating func noise() -> [UInt8] {
        (0..<random.below(24)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
    }

    private mutating func range(from place: Int, of input: [UInt8]) -> Range<Int> {
        place..<min(input.count, place + 1 + random.below(random.below(8) == 0 ? input.count : 16))
    }

    /// Goes on with the rest of another input, from anywhere in it.
    private mutating func splice(_ input: inout [UInt8], at place: Int) {
        let other = corpus[random.below(corpus.count)]
        input.replaceSubrange(place..., with: other.dropFirst(random.below(other.count + 1)))
    }

    /// Takes the bytes at `place` for a varint, and puts another in its place.
    private mutating func putVarint(into input: inout [UInt8], at place: Int) {
        let end = input[place...].firstIndex { $0 < 0x80 } ?? input.count - 1
        var varint: [UInt8] = []
        var rest = Self.borderNumbers[random.below(Self.borderNumbers.count)]
        while rest >= 0x80 {
            varint.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        varint.append(UInt8(truncatingIfNeeded: rest))
        input.replaceSubrange(place...end, with: varint)
    }

    /// Takes the bytes at `place` for a number of fixed size, in either order of bytes, and puts another in its place.
    private mutating func putFixed(into input: inout [UInt8], at place: Int) {
        let number = Self.borderNumbers[random.below(Self.borderNumbers.count)]
        let width = 1 << random.below(4)
        let isBig = random.below(2) == 0
        for index in 0..<min(width, input.count - place) {
            let shift = 8 * (isBig ? width - 1 - index : index)
            input[place + index] = UInt8(truncatingIfNeeded: number >> UInt64(shift))
        }
    }
}
