/// Names, label names and label values as Prometheus allows them.
enum MetricName {
    /// `name` with every character that a metric's name may not have replaced by `_`.
    static func sanitized(_ name: String) -> String {
        sanitized(name, allowingColon: true)
    }

    /// `name` as the name of a label: no colon, and no `__` at its start, which is Prometheus' own.
    static func sanitizedLabel(_ name: String) -> String {
        let label = sanitized(name, allowingColon: false)
        return label.hasPrefix("__") ? "label" + label : label
    }

    private static func sanitized(_ name: String, allowingColon: Bool) -> String {
        var result = ""
        for scalar in name.unicodeScalars {
            let isLetter = ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar) || scalar == "_"
            let isDigit = ("0"..."9").contains(scalar)
            if result.isEmpty, isDigit { result.append("_") }
            let isAllowed = isLetter || isDigit || (allowingColon && scalar == ":")
            result.unicodeScalars.append(isAllowed ? scalar : "_")
        }
        return result.isEmpty ? "_" : result
    }

    /// A label's value between its quotes.
    static func escapedValue(_ value: String) -> String {
        var result = ""
        for character in value.unicodeScalars {
            switch character {
            case "\\": result += "\\\\"
            case "\"": result += "\\\""
            case "\n": result += "\\n"
            default: result.unicodeScalars.append(character)
            }
        }
        return result
    }

    /// Help on its line.
    static func escapedHelp(_ help: String) -> String {
        help.replacing("\\", with: "\\\\").replacing("\n", with: "\\n")
    }
}
