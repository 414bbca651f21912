import Multiformats

/// Why a text cannot be read as a setting's value, in words that follow `… is not a value of --flag: `.
struct UnreadableValue: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}

/// How a kind of value is written: as a duration, a size, a multiaddr.
public struct SettingKind<Value: Sendable>: Sendable {
    /// What stands for the value in help; `nil` for a switch.
    let placeholder: String?

    /// Whether several texts make the value.
    let isRepeatable: Bool

    /// The value from its texts: exactly one, unless it is repeatable.
    let read: @Sendable ([String]) throws -> Value

    /// A kind that is written as one text.
    init(_ placeholder: String?, read: @escaping @Sendable (String) throws -> Value) {
        self.placeholder = placeholder
        self.isRepeatable = false
        self.read = { texts in
            guard let text = texts.first else { throw UnreadableValue("the value is missing") }
            guard texts.count == 1 else { throw UnreadableValue("it is given \(texts.count) times, once is allowed") }
            guard !text.isEmpty else { throw UnreadableValue("it is empty") }
            return try read(text)
        }
    }

    private init(placeholder: String?, isRepeatable: Bool, read: @escaping @Sendable ([String]) throws -> Value) {
        self.placeholder = placeholder
        self.isRepeatable = isRepeatable
        self.read = read
    }

    /// A list of the element's kind.
    static func list<Element: Sendable>(of element: SettingKind<Element>) -> SettingKind where Value == [Element] {
        SettingKind(placeholder: element.placeholder, isRepeatable: true) { texts in
            try texts.map { try element.read([$0]) }
        }
    }

    /// The same kind where `nil` is possible as a default.
    static func optional<Wrapped: Sendable>(_ kind: SettingKind<Wrapped>) -> SettingKind where Value == Wrapped? {
        SettingKind(placeholder: kind.placeholder, isRepeatable: kind.isRepeatable) { try kind.read($0) }
    }
}

extension SettingKind where Value == Bool {
    /// A switch: a flag without a value turns it on, `true` and `false` in the file and the environment.
    static var toggle: SettingKind {
        SettingKind(nil) { text in
            switch text.lowercased() {
            case "true", "yes", "1", "on": return true
            case "false", "no", "0", "off": return false
            default: throw UnreadableValue("write true or false")
            }
        }
    }
}

extension SettingKind where Value == String {
    /// A path; `~/` at its start is the home folder.
    static var file: SettingKind { SettingKind("FILE") { $0 } }

    /// A path of a folder; `~/` at its start is the home folder.
    static var folder: SettingKind { SettingKind("DIR") { $0 } }

    /// A name without spaces or slashes.
    static var name: SettingKind {
        SettingKind("NAME") { text in
            guard text.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || "-_.".contains($0)) }) else {
                throw UnreadableValue("a name has letters, digits, - _ and . only")
            }
            return text
        }
    }

    /// A host name (RFC 1123), in lower case: labels of letters, digits and hyphens. One label is enough.
    static var domain: SettingKind {
        SettingKind("NAME") { text in
            let name = text.lowercased()
            let labels = name.split(separator: ".", omittingEmptySubsequences: false)
            let isName =
                name.utf8.count <= 253
                && labels.allSatisfy { label in
                    (1...63).contains(label.utf8.count) && label.first != "-" && label.last != "-"
                        && label.utf8.allSatisfy {
                            (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D
                        }
                }
            guard isName, IPAddress(name) == nil else {
                throw UnreadableValue("write a host name without scheme and port, as relay.example.org")
            }
            return name
        }
    }

    /// A protocol id: begins with a slash and fits a multistream message.
    static var protocolID: SettingKind {
        SettingKind("ID") { text in
            guard text.hasPrefix("/"), text.utf8.count <= 256, !text.contains("\n") else {
                throw UnreadableValue("a protocol id begins with / and has at most 256 bytes, as /ipfs/kad/1.0.0")
            }
            return text
        }
    }
}

extension SettingKind where Value == Int {
    /// How many; 0 means unlimited.
    static var count: SettingKind {
        SettingKind("N") { text in
            // More than fits 32 bits is a slip, and sums of such counts would overflow.
            guard let number = Int(text), 0...Int(Int32.max) ~= number else {
                throw UnreadableValue("write a whole number from 0 to \(Int32.max), where 0 means unlimited")
            }
            return number
        }
    }

    /// Bytes, or with a unit as in `128KiB`; 0 means unlimited.
    static var size: SettingKind {
        SettingKind("BYTES") { text in
            let units = [("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("TiB", 1 << 40), ("B", 1), ("", 1)]
            for (unit, factor) in units where text.hasSuffix(unit) {
                guard let number = Int(text.dropLast(unit.count)), number >= 0 else { break }
                let (bytes, overflow) = number.multipliedReportingOverflow(by: factor)
                guard !overflow else { break }
                return bytes
            }
            throw UnreadableValue("write bytes, or a size as 128KiB (KiB, MiB, GiB, TiB)")
        }
    }
}

extension SettingKind where Value == Duration {
    /// A time as in `90s`, `2m`, `1h`; 0 means unlimited.
    static var duration: SettingKind {
        SettingKind("DURATION") { text in
            if text == "0" { return .zero }
            // Longer than a century is a slip, and would overflow a nanosecond clock.
            let units = [("ms", 0.001), ("s", 1.0), ("m", 60.0), ("h", 3600.0), ("d", 86400.0)]
            for (unit, seconds) in units where text.hasSuffix(unit) {
                guard let number = Int(text.dropLast(unit.count)), number >= 0 else { continue }
                guard Double(number) * seconds <= 100 * 365 * 86400 else { break }
                return unit == "ms" ? .milliseconds(number) : .seconds(number * Int(seconds))
            }
            throw UnreadableValue("write a duration as 500ms, 90s, 2m, 1h or 7d")
        }
    }
}

extension SettingKind where Value == Multiaddr {
    /// A multiaddr.
    static var multiaddr: SettingKind {
        SettingKind("MULTIADDR") { text in
            do {
                return try Multiaddr(text)
            } catch {
                throw UnreadableValue("\(error)")
            }
        }
    }
}

extension SettingKind where Value == HostAndPort? {
    /// A socket address, or `off`.
    static var hostAndPortOrOff: SettingKind {
        SettingKind("HOST:PORT") { text in
            if text == "off" { return nil }
            guard let address = HostAndPort(text) else {
                throw UnreadableValue("write HOST:PORT, as 127.0.0.1:8080 or [::1]:8080, or off")
            }
            return address
        }
    }
}

extension SettingKind where Value == HostAndPort {
    /// A socket address.
    static var hostAndPort: SettingKind {
        SettingKind("HOST:PORT") { text in
            guard let address = HostAndPort(text) else {
                throw UnreadableValue("write HOST:PORT, as 127.0.0.1:53 or [::1]:53")
            }
            return address
        }
    }
}

extension SettingKind where Value: CaseIterable & RawRepresentable<String> {
    /// One of the cases, by their raw values.
    static func oneOf(_ placeholder: String) -> SettingKind {
        SettingKind(placeholder) { text in
            guard let value = Value(rawValue: text) else {
                throw UnreadableValue("it is one of " + Value.allCases.map(\.rawValue).joined(separator: ", "))
            }
            return value
        }
    }
}
