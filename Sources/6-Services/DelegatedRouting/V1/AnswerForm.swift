/// The forms of an answer, and how clients ask for them.
///
/// A stream is sent only to who names it. Like other servers this one reads no weights: whoever lists the stream can read
/// it.
public enum AnswerForm: String, Sendable, Hashable {
    /// One object with all records.
    case json = "application/json"
    /// A record on each line, as soon as it is known.
    case lines = "application/x-ndjson"

    /// Chooses by the header `Accept`.
    ///
    /// - Throws: ``RoutingError`` with code ``RoutingError/Code/notAcceptable``.
    public init(accept: String?) throws(RoutingError) {
        // Nearly all clients name one of the two and nothing else.
        if let accept, let form = AnswerForm(rawValue: accept) {
            self = form
            return
        }
        let types = MediaTypes(accept)
        if types.names(AnswerForm.lines.rawValue) {
            self = .lines
        } else if types.accepts(AnswerForm.json.rawValue) {
            self = .json
        } else {
            throw RoutingError(
                .notAcceptable,
                "none of \"\(accept ?? "")\" is served here; ask for application/json or application/x-ndjson")
        }
    }
}

/// The media types of a header `Accept` or `Content-Type`, without parameters and in lower case.
struct MediaTypes {
    private let types: [Substring]

    init(_ header: String?) {
        types = (header?.lowercased() ?? "").utf8.split(separator: UInt8(ascii: ",")).prefix(32).map { entry in
            let type = entry.prefix { $0 != UInt8(ascii: ";") }
            return Substring(type.drop(while: Self.isSpace).prefix { !Self.isSpace($0) })
        }
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }

    /// Whether a type is among them by its own name.
    func names(_ type: String) -> Bool { types.contains { $0 == type } }

    /// Whether a type is among them, or nothing was asked for in particular.
    func accepts(_ type: String) -> Bool {
        let family = type.prefix { $0 != "/" } + "/*"
        return types.isEmpty || types.contains { $0 == type || $0 == family || $0 == "*/*" }
    }
}
