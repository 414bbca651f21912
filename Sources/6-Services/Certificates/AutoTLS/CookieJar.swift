/// The cookies of one server, for the few requests of one conversation with it: what a load balancer tells its own by.
struct CookieJar {
    private var cookies: [(name: String, value: String)] = []

    /// A server has so many at most, and each is no longer than this, in bytes.
    static let maxCookies = 16
    static let maxLength = 1024

    /// What to send in `Cookie`; nil without any.
    var header: String? {
        cookies.isEmpty ? nil : cookies.map { "\($0.name)=\($0.value)" }.joined(separator: "; ")
    }

    /// Takes the values of all `Set-Cookie`. Attributes are not looked at: all requests go to the same place, and soon.
    mutating func take(_ values: [String]) {
        for value in values {
            let pair = value.prefix { $0 != ";" }.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard pair.count == 2, pair[0].utf8.count + pair[1].utf8.count <= Self.maxLength else { continue }
            let (name, text) = (Self.trimmed(pair[0]), Self.trimmed(pair[1]))
            guard !name.isEmpty, (name + text).utf8.allSatisfy({ (0x21...0x7e).contains($0) && $0 != 0x2c }) else {
                continue
            }
            cookies.removeAll { $0.name == name }
            if cookies.count < Self.maxCookies { cookies.append((name, text)) }
        }
    }

    private static func trimmed(_ text: Substring) -> String {
        var text = text.drop { $0 == " " || $0 == "\t" }
        while text.last == " " || text.last == "\t" { text.removeLast() }
        return String(text)
    }
}
