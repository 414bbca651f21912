package import NIOCore

/// What a peer wants to be passed on to another one: `{srcMultiaddr, dstMultiaddr, intentId, signal, answer?, err?, …}`.
///
/// Only the fields that decide where it goes are looked at. The text itself is passed on as it came, so that fields that
/// nobody here knows survive. Of a key that stands there twice the last one counts, as in JavaScript.
package struct HandshakeOffer: Sendable {
    /// Who began: answers go there.
    package let source: StarAddress
    /// Whom it was for: everything but answers goes there.
    package let target: StarAddress
    /// Whether this is the answer to an earlier offer.
    package let isAnswer: Bool
    /// The JSON text, as it came.
    package let text: ByteBuffer

    /// Where the value of `err` stands, if there is one, and the closing brace.
    private let error: Range<Int>?
    private let end: Int

    /// Reads one JSON text.
    ///
    /// - Parameter text: is JSON; what is not makes nil or an offer that makes no sense, but does no harm.
    /// - Returns: nil unless it is an object with two addresses.
    package init?(_ text: ByteBuffer) {
        guard let fields = Fields(text.readableBytesUInt8Span) else { return nil }
        guard let source = fields.source.flatMap({ Self.address(text, $0) }),
            let target = fields.target.flatMap({ Self.address(text, $0) })
        else { return nil }
        self.source = source
        self.target = target
        isAnswer = fields.answer.flatMap { Self.slice(text, $0) } == Self.true
        self.text = text
        error = fields.error
        end = fields.end
    }

    /// The offer as its sender gets it back when the other peer is not there: with `err` put in, or put right.
    package var refused: ByteBuffer {
        let place = error ?? end..<end
        var result = ByteBuffer()
        result.reserveCapacity(text.readableBytes + 32)
        Self.slice(text, 0..<place.lowerBound).map { _ = result.writeImmutableBuffer($0) }
        if error == nil { result.writeStaticString(",\"err\":") }
        result.writeStaticString("\"peer is not available\"")
        Self.slice(text, place.upperBound..<text.readableBytes).map { _ = result.writeImmutableBuffer($0) }
        return result
    }

    private static let `true` = ByteBuffer(string: "true")

    private static func address(_ text: ByteBuffer, _ range: Range<Int>) -> StarAddress? {
        slice(text, range).flatMap { StarAddress(json: $0) }
    }

    private static func slice(_ text: ByteBuffer, _ range: Range<Int>) -> ByteBuffer? {
        text.getSlice(at: text.readerIndex + range.lowerBound, length: range.count)
    }
}

extension HandshakeOffer {
    /// Where the values that matter stand in an object's text.
    private struct Fields {
        var source: Range<Int>?
        var target: Range<Int>?
        var answer: Range<Int>?
        var error: Range<Int>?
        var end = 0

        init?(_ text: Span<UInt8>) {
            var scan = JSONObjectScan(text)
            while let field = scan.next(text) {
                switch field.name {
                case .source: source = field.value
                case .target: target = field.value
                case .answer: answer = field.value
                case .error: error = field.value
                case .other: break
                }
            }
            guard let end = scan.end else { return nil }
            self.end = end
        }
    }
}
