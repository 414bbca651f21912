/// The settings of all places together: flags beat the environment, the environment beats the file.
public struct ResolvedSettings: Sendable {
    private let sources: [SettingSource]

    /// Reads flags, environment, and the file that they name.
    ///
    /// Every value is read once here, so that an unreadable one is reported even if nothing uses it or something
    /// stronger hides it.
    /// - Throws: `NodeError`, with `.usage` for flags and `.configuration` for the environment and the file.
    public init(flags: [String], environment: [String: String]) throws(NodeError) {
        var sources = [try SettingSource.flags(flags), try SettingSource.environment(environment)]
        let withoutFile = ResolvedSettings(sources: sources)
        if let path = try withoutFile.value(Settings.config) {
            sources.append(try SettingSource.file(HomeFolder.expand(path, environment: environment)))
        }
        self.sources = sources
        for source in sources {
            for setting in Settings.all {
                guard let texts = try source.texts(for: setting) else { continue }
                do {
                    try setting.check(texts)
                } catch {
                    throw source.unreadable(setting, Self.reason(error, texts))
                }
            }
        }
    }

    private init(sources: [SettingSource]) {
        self.sources = sources
    }

    /// The value of `setting`: that of the strongest place that has it, else the default.
    public func value<Value>(_ setting: Setting<Value>) throws(NodeError) -> Value {
        for source in sources {
            guard let texts = try source.texts(for: setting) else { continue }
            do {
                return try setting.kind.read(texts)
            } catch {
                throw source.unreadable(setting, Self.reason(error, texts))
            }
        }
        return setting.defaultValue
    }

    /// A limit: its value, and whether somebody set it.
    func limit(_ setting: Setting<Int>) throws(NodeError) -> NodeLimit {
        .init(try value(setting), isExplicit: try isSet(setting))
    }

    /// Whether any place sets `setting`.
    func isSet(_ setting: some SettingDefinition) throws(NodeError) -> Bool {
        for source in sources where try source.texts(for: setting) != nil {
            return true
        }
        return false
    }

    private static func reason(_ error: any Error, _ texts: [String]) -> String {
        texts.isEmpty ? "\(error)" : "\(texts.joined(separator: ",")) is not readable: \(error)"
    }
}
