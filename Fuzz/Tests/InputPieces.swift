import LibP2PTesting
import NIOCore

/// An input as it may arrive: cut anywhere, as its own bytes decide.
func pieces(of input: [UInt8]) -> [ByteBuffer] {
    var random = SeededGenerator(input)
    let largest = [1, 3, 17, 200, 5000][random.below(5)]
    var pieces: [ByteBuffer] = []
    var rest = input[...]
    while !rest.isEmpty {
        let piece = rest.prefix(1 + random.below(max(largest, input.count / 500)))
        pieces.append(ByteBuffer(bytes: piece))
        rest = rest.dropFirst(piece.count)
    }
    return pieces
}

/// Feeds an input whole and in pieces, and throws unless both come to the same, which it returns.
func requireSameInPieces<Result: Equatable>(
    _ input: [UInt8], _ feed: ([ByteBuffer]) throws -> Result
) throws -> Result {
    try requireSameInPieces(input, by: ==, feed)
}

/// Feeds an input whole and in pieces, and throws unless `isSame` holds between what both come to.
func requireSameInPieces<Result>(
    _ input: [UInt8], by isSame: (Result, Result) -> Bool, _ feed: ([ByteBuffer]) throws -> Result
) throws -> Result {
    let whole = try feed(input.isEmpty ? [] : [ByteBuffer(bytes: input)])
    let cut = try feed(pieces(of: input))
    try require(isSame(whole, cut), "an input in pieces means what it means whole: \(whole) or \(cut)")
    return whole
}
