/// The parameters behind one scheme in a header of RFC 9110 section 11, which may name several schemes.
enum AuthParameters {
    /// What stands between commas and spaces: a scheme's name, or a parameter.
    private enum Part {
        case word(ArraySlice<UInt8>)
        /// The value is nil where it does not stand in quotes.
        case parameter(ArraySlice<UInt8>, value: ArraySlice<UInt8>?)
    }

    /// Reads the parameters of a scheme, whose name's case means nothing. Names are in lower case.
    ///
    /// Parameters may stand between commas or, as in the specification's own examples, between spaces.
    ///
    /// - Returns: nil when the scheme is not there.
    static func read(_ text: [UInt8], scheme: String) throws(PeerIDAuthError) -> [String: String]? {
        let wanted = scheme.lowercased()
        var rest = text[...]
        var found: [String: String]?
        var isInside = false
        while let part = try next(&rest) {
            switch part {
            case .word(let word):
                isInside = String(decoding: word, as: UTF8.self).lowercased() == wanted
                guard isInside else { continue }
                guard found == nil else {
                    throw PeerIDAuthError(.malformed, "The header names \(scheme) twice.")
                }
                found = [:]
            case .parameter(let name, let value):
                guard isInside else { continue }
                let name = String(decoding: name, as: UTF8.self).lowercased()
                guard let value, value.allSatisfy(PeerIDAuthHeader.mayBeQuoted) else {
                    throw PeerIDAuthError(.malformed, "The parameter \(name) has no value in quotes.")
                }
                guard found?.updateValue(String(decoding: value, as: UTF8.self), forKey: name) == nil else {
                    throw PeerIDAuthError(.malformed, "The parameter \(name) is there twice.")
                }
            }
        }
        return found
    }

    /// Takes the next part; nil at the end.
    private static func next(_ rest: inout ArraySlice<UInt8>) throws(PeerIDAuthError) -> Part? {
        rest = rest.drop(while: isSeparator)
        guard !rest.isEmpty else { return nil }
        let name = rest.prefix { !isSeparator($0) && $0 != UInt8(ascii: "=") && $0 != quote }
        rest = rest.dropFirst(name.count)
        guard rest.first == UInt8(ascii: "=") else {
            guard !name.isEmpty, rest.first.map(isSeparator) ?? true else {
                throw PeerIDAuthError(.malformed, "There are quotes in the header where none belong.")
            }
            return .word(name)
        }
        rest = rest.dropFirst()
        guard rest.first == quote else {
            // Another scheme's, such as the base 64 of a password.
            rest = rest.drop { !isSeparator($0) }
            return .parameter(name, value: nil)
        }
        rest = rest.dropFirst()
        guard let end = rest.firstIndex(of: quote) else {
            throw PeerIDAuthError(.malformed, "There are quotes in the header that do not end.")
        }
        let value = rest[..<end]
        rest = rest[(end + 1)...]
        guard rest.first.map(isSeparator) ?? true else {
            throw PeerIDAuthError(.malformed, "The header goes on right behind a value's quotes.")
        }
        return .parameter(name, value: value)
    }

    private static let quote = UInt8(ascii: "\"")

    private static func isSeparator(_ character: UInt8) -> Bool {
        character == UInt8(ascii: ",") || character == UInt8(ascii: " ") || character == UInt8(ascii: "\t")
    }
}
