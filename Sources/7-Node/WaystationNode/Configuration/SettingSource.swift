import Configuration

/// One place that settings come from, with the words to name it in an error.
///
/// All three places are read through swift-configuration's snapshots, by the setting's key.
struct SettingSource: Sendable {
    /// Which place it is.
    enum Place: Hashable, Sendable {
        case flags
        case environment
        case file(String)
    }

    let place: Place
    private let snapshot: any ConfigSnapshot

    /// A source that reads from `snapshot`.
    init(_ place: Place, snapshot: any ConfigSnapshot) {
        self.place = place
        self.snapshot = snapshot
    }

    /// What is written for `setting` here, unread; `nil` when it is not set here.
    func texts(for setting: any SettingDefinition) throws(NodeError) -> [String]? {
        let prefix = place == .environment ? [Settings.environmentPrefix.lowercased()] : []
        let key = AbsoluteConfigKey(prefix + setting.key.split(separator: ".").map(String.init))
        if setting.isRepeatable, let found = try? snapshot.value(forKey: key, type: .stringArray).value {
            guard case .stringArray(let texts) = found.content else { return nil }
            // An empty variable is an empty list: it has one text, the empty one.
            return place == .environment && texts == [""] ? [] : texts
        }
        do {
            guard let found = try snapshot.value(forKey: key, type: .string).value else { return nil }
            guard case .string(let text) = found.content else { return nil }
            return [text]
        } catch {
            throw unreadable(setting, "a single value belongs here")
        }
    }

    /// The error for a value of `setting` that cannot be read.
    func unreadable(_ setting: any SettingDefinition, _ reason: String) -> NodeError {
        switch place {
        case .flags: NodeError(.usage, "\(setting.flag): \(reason)")
        case .environment: NodeError(.configuration, "\(setting.environmentName) in the environment: \(reason)")
        case .file(let path): NodeError(.configuration, "\(setting.key) in \(path): \(reason)")
        }
    }
}
