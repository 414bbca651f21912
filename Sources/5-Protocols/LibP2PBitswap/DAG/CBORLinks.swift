import Multiformats

/// Finds the links of a dag-cbor block (ipld.io/specs/codecs/dag-cbor): byte strings under tag 42.
///
/// CBOR's items follow one another in a row, whatever contains them. So it is enough to count how many are still to come:
/// no nesting, however deep, costs more than a step.
struct CBORLinks {
    private(set) var links: [DAGLink] = []
    private var rest: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) throws(BitswapError) {
        rest = bytes[...]
        var expected: UInt64 = 1
        while expected > 0 {
            expected -= 1
            let more = try readItem()
            // Each item takes a byte at least, so a greater count is a lie, and the sum can't overflow.
            guard more <= UInt64(rest.count), expected <= UInt64(rest.count) else { throw Self.truncated }
            expected += more
        }
        guard rest.isEmpty else {
            throw BitswapError(.malformedBlock, "\(rest.count) bytes follow the value of a dag-cbor block")
        }
    }

    /// Reads one item without what it contains.
    ///
    /// - Returns: how many items it contains.
    private mutating func readItem() throws(BitswapError) -> UInt64 {
        let head = try readHead()
        switch head.major {
        case 0, 1, 7: return 0
        case 2, 3:
            _ = try take(head.argument)
            return 0
        case 4: return head.argument
        case 5:
            guard head.argument <= UInt64(rest.count) else { throw Self.truncated }
            return head.argument * 2
        default:
            guard head.argument == Self.linkTag else {
                throw BitswapError(.malformedBlock, "a dag-cbor block has tag \(head.argument); only 42 is allowed")
            }
            try readLink()
            return 0
        }
    }

    private mutating func readLink() throws(BitswapError) {
        let head = try readHead()
        guard head.major == 2 else {
            throw BitswapError(.malformedBlock, "a link in a dag-cbor block is not a byte string")
        }
        // The prefix 0 stands for the multibase "identity".
        guard links.count < Block.maxLinks, let bytes = Optional(try take(head.argument)), bytes.first == 0 else {
            throw BitswapError(.malformedBlock, "a link in a dag-cbor block has no prefix 0, or is one too many")
        }
        do {
            links.append(DAGLink(try CID(bytes: Array(bytes.dropFirst()))))
        } catch {
            throw BitswapError(.malformedBlock, "a link in a dag-cbor block is no CID", cause: error)
        }
    }

    private mutating func readHead() throws(BitswapError) -> (major: UInt8, argument: UInt64) {
        guard let first = rest.popFirst() else { throw Self.truncated }
        let (major, low) = (first >> 5, first & 0x1f)
        guard low >= 24 else { return (major, UInt64(low)) }
        guard low <= 27 else {
            throw BitswapError(.malformedBlock, "a dag-cbor block has an indefinite or reserved length")
        }
        let argument = try take(1 << UInt64(low - 24)).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        return (major, argument)
    }

    private mutating func take(_ count: UInt64) throws(BitswapError) -> ArraySlice<UInt8> {
        guard count <= UInt64(rest.count) else { throw Self.truncated }
        let taken = rest.prefix(Int(count))
        rest = rest.dropFirst(Int(count))
        return taken
    }

    private static let linkTag: UInt64 = 42
    private static let truncated = BitswapError(.malformedBlock, "a dag-cbor block ends early")
}
