/// A setting of the node, whatever the type of its value: what a list of settings and its documentation need.
public protocol SettingDefinition: Sendable {
    /// The name in the configuration file: words joined by capitals, groups by dots, as in `limits.connectionsPerIp`.
    var key: String { get }

    /// What stands for the value in help, such as `DURATION`; `nil` for a switch, which is true when it is given.
    var placeholder: String? { get }

    /// Whether the setting holds a list, so that its flag may be repeated.
    var isRepeatable: Bool { get }

    /// The default in words.
    var defaultText: String { get }

    /// What the setting means, in one sentence without a full stop.
    var help: String { get }

    /// Whether a configuration file may hold it: the name of the file itself cannot be in it.
    var isAllowedInFile: Bool { get }

    /// Reads `texts` only to see whether they can be read.
    func check(_ texts: [String]) throws
}

extension SettingDefinition {
    /// The name of the flag: `--limits-connections-per-ip`.
    public var flag: String { "--" + words.joined(separator: "-") }

    /// The name in the environment: `WAYSTATION_LIMITS_CONNECTIONS_PER_IP`.
    public var environmentName: String {
        ([Settings.environmentPrefix] + words.map { $0.uppercased() }).joined(separator: "_")
    }

    /// The key's words in lower case.
    private var words: [String] {
        var words: [String] = []
        for part in key.split(separator: ".") {
            var word = ""
            for character in part {
                if character.isUppercase, !word.isEmpty {
                    words.append(word)
                    word = ""
                }
                word += character.lowercased()
            }
            words.append(word)
        }
        return words
    }
}

/// One setting: its name, how its value is written, its default and what it means.
///
/// The flag and the name in the environment follow from the key, so that the three spellings cannot drift apart.
public struct Setting<Value: Sendable>: SettingDefinition {
    /// See `SettingDefinition`.
    public let key: String
    /// How the value is written.
    public let kind: SettingKind<Value>
    /// The value when nobody sets it.
    public let defaultValue: Value
    /// See `SettingDefinition`.
    public let defaultText: String
    /// See `SettingDefinition`.
    public let help: String
    /// See `SettingDefinition`.
    public let isAllowedInFile: Bool

    /// Defines a setting; `defaultText` is how help and documentation show the default.
    init(
        _ key: String, _ kind: SettingKind<Value>, default defaultValue: Value, _ defaultText: String,
        help: String, isAllowedInFile: Bool = true
    ) {
        self.key = key
        self.kind = kind
        self.defaultValue = defaultValue
        self.defaultText = defaultText
        self.help = help
        self.isAllowedInFile = isAllowedInFile
    }

    /// See `SettingDefinition`.
    public var placeholder: String? { kind.placeholder }

    /// See `SettingDefinition`.
    public var isRepeatable: Bool { kind.isRepeatable }

    /// See `SettingDefinition`.
    public func check(_ texts: [String]) throws {
        _ = try kind.read(texts)
    }
}

extension Setting<Int> {
    /// A count of which 0 means unlimited.
    static func limit(_ key: String, default count: Int, help: String) -> Setting {
        Setting(key, .count, default: count, "\(count)", help: help)
    }

    /// A size of which 0 means unlimited; `defaultText` is the default as people write it.
    static func sizeLimit(_ key: String, default bytes: Int, _ defaultText: String, help: String) -> Setting {
        Setting(key, .size, default: bytes, defaultText, help: help)
    }
}
