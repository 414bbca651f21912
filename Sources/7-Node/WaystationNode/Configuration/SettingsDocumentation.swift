/// The table of settings as text: for `run --help` and for `docs/configuration.md`, which a test compares with it.
public enum SettingsDocumentation {
    /// A Markdown table of all settings with their three spellings.
    public static var markdownTable: String {
        var lines = ["| flag | in the file | in the environment | default | meaning |", "|---|---|---|---|---|"]
        for setting in Settings.all {
            let value = setting.placeholder.map { " \($0)" } ?? ""
            let repeats = setting.isRepeatable ? " (repeatable)" : ""
            let key = setting.isAllowedInFile ? "`\(setting.key)`" : "-"
            lines.append(
                "| `\(setting.flag)\(value)`\(repeats) | \(key) | `\(setting.environmentName)` | "
                    + "\(setting.defaultText) | \(setting.help) |")
        }
        return lines.joined(separator: "\n")
    }

    /// The flags with their meanings, for a terminal of at least 80 columns.
    public static var flagsHelp: String {
        var lines: [String] = []
        for setting in Settings.all {
            let value = setting.placeholder.map { " \($0)" } ?? ""
            lines.append("  \(setting.flag)\(value)" + (setting.isRepeatable ? "  (repeatable)" : ""))
            let text = "\(setting.help). Default: \(setting.defaultText)".replacing("`", with: "")
            lines += wrapped(text, columns: 72).map { "          \($0)" }
        }
        return lines.joined(separator: "\n")
    }

    /// A duration as settings write it, or `nil`.
    public static func duration(_ text: String) -> Duration? {
        try? SettingKind<Duration>.duration.read([text])
    }

    private static func wrapped(_ text: String, columns: Int) -> [String] {
        var lines: [String] = []
        var line = ""
        for word in text.split(separator: " ") {
            if !line.isEmpty, line.count + 1 + word.count > columns {
                lines.append(line)
                line = ""
            }
            line += line.isEmpty ? String(word) : " \(word)"
        }
        return lines + [line]
    }
}
