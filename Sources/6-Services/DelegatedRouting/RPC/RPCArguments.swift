import Foundation

/// The arguments and options of an RPC request, from its query.
///
/// Unknown options are ignored; a known one that can't be read, or that is given under two names or twice, is an error.
struct RPCArguments: Sendable {
    private let items: QueryItems

    init(_ query: String) throws(RoutingError) { items = try QueryItems(query) }

    /// The positional arguments.
    var arguments: [String] { items.values("arg") }

    /// The only argument.
    ///
    /// - Throws: ``RoutingError`` with code ``RoutingError/Code/badInput``, as the others.
    func argument(_ name: String) throws(RoutingError) -> String {
        let arguments = arguments
        guard let first = arguments.first, !first.isEmpty else {
            throw RoutingError(.badInput, "argument \"\(name)\" is required")
        }
        guard arguments.count == 1 else {
            throw RoutingError(.badInput, "expected 1 argument \"\(name)\", got \(arguments.count)")
        }
        return first
    }

    /// Arguments that are taken where several may be given.
    private static let maxArguments = 16

    /// One argument, or several.
    func several(_ name: String) throws(RoutingError) -> [String] {
        let arguments = arguments
        guard !arguments.isEmpty, arguments.allSatisfy({ !$0.isEmpty }) else {
            throw RoutingError(.badInput, "argument \"\(name)\" is required")
        }
        guard arguments.count <= Self.maxArguments else {
            throw RoutingError(
                .badInput, "\(arguments.count) arguments \"\(name)\" are more than \(Self.maxArguments)")
        }
        return arguments
    }

    func text(_ names: String...) throws(RoutingError) -> String? { try text(names) }

    func flag(_ names: String..., default value: Bool = false) throws(RoutingError) -> Bool {
        guard let text = try text(names) else { return value }
        switch text {
        case "1", "t", "T", "true", "TRUE", "True": return true
        case "0", "f", "F", "false", "FALSE", "False": return false
        // `?recursive` without a value.
        case "": return true
        default: throw Self.unreadable(names, text, "true or false")
        }
    }

    func integer(_ names: String..., default value: Int, in range: ClosedRange<Int>) throws(RoutingError) -> Int {
        guard let text = try text(names) else { return value }
        guard let number = Int(text), range.contains(number) else {
            throw Self.unreadable(names, text, "a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    func duration(_ names: String...) throws(RoutingError) -> Duration? {
        guard let text = try text(names) else { return nil }
        guard let duration = GoDuration.parse(text) else {
            throw Self.unreadable(names, text, "a duration such as 30s")
        }
        return duration
    }

    private func text(_ names: [String]) throws(RoutingError) -> String? {
        let given = names.flatMap { items.values($0) }
        guard given.count <= 1 else {
            throw RoutingError(.badInput, "option \"\(names.first ?? "")\" is given \(given.count) times")
        }
        return given.first
    }

    private static func unreadable(_ names: [String], _ text: String, _ expected: String) -> RoutingError {
        RoutingError(.badInput, "option \"\(names.first ?? "")\" is \"\(text.prefix(80))\", not \(expected)")
    }
}

/// The decoded items of a URL's query, in their order and within bounds.
struct QueryItems: Sendable {
    /// The longest query that is read, in bytes.
    static let maxLength = 8192
    /// Items that are read.
    static let maxItems = 128

    private let items: [(name: String, value: String)]

    /// - Throws: ``RoutingError`` with code ``RoutingError/Code/badInput`` when it is too long or not decodable.
    init(_ query: String) throws(RoutingError) {
        guard query.utf8.count <= Self.maxLength else {
            throw RoutingError(.badInput, "a query of \(query.utf8.count) characters is longer than \(Self.maxLength)")
        }
        let parts = query.split(separator: "&")
        guard parts.count <= Self.maxItems else {
            throw RoutingError(.badInput, "a query of \(parts.count) items has more than \(Self.maxItems)")
        }
        var items: [(String, String)] = []
        for part in parts {
            let name = part.prefix { $0 != "=" }
            guard let decodedName = Self.decode(name), let value = Self.decode(part.dropFirst(name.count + 1)) else {
                throw RoutingError(.badInput, "\"\(part.prefix(80))\" is not percent-encoded UTF-8")
            }
            items.append((decodedName, value))
        }
        self.items = items
    }

    /// All values of a name.
    func values(_ name: String) -> [String] { items.filter { $0.name == name }.map(\.value) }

    /// The value of a name that may be given once.
    ///
    /// - Throws: ``RoutingError`` with code ``RoutingError/Code/badInput``.
    func single(_ name: String) throws(RoutingError) -> String? {
        let values = values(name)
        guard values.count <= 1 else {
            throw RoutingError(.badInput, "\(name) is given \(values.count) times; give it once, with commas")
        }
        return values.first
    }

    private static func decode(_ text: Substring) -> String? {
        text.replacing("+", with: " ").removingPercentEncoding
    }
}
