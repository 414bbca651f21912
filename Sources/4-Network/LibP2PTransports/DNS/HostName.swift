import LibP2PCore

/// What names may be asked about.
enum HostName {
    /// The name in lower case without a dot at its end, so that equal names are one question.
    ///
    /// Names come from addresses that anybody can spread. Only letters, digits, hyphens, underscores and dots may reach
    /// c-ares, whose escapes would otherwise be interpreted.
    ///
    /// - Throws: ``NetworkError`` with `.unreachable` when the name cannot be one.
    static func canonical(_ name: String) throws(NetworkError) -> String {
        var labels = name.lowercased().utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        if labels.count > 1, labels.last?.isEmpty == true { labels.removeLast() }
        guard name.utf8.count <= 254, labels.allSatisfy({ 1...63 ~= $0.count && $0.allSatisfy(isAllowed) }) else {
            throw NetworkError(
                .unreachable, "\"\(name.prefix(64))\" is not a name that the domain name system can hold.")
        }
        return labels.map { String(Substring($0)) }.joined(separator: ".")
    }

    private static func isAllowed(_ character: UInt8) -> Bool {
        switch character {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"),
            UInt8(ascii: "_"):
            true
        default: false
        }
    }
}
