import Configuration

extension SettingSource {
    /// Reads the variables of `environment` that begin with `WAYSTATION_`.
    ///
    /// - Throws: `NodeError` with `.configuration` for a variable that is not in the table.
    static func environment(_ environment: [String: String]) throws(NodeError) -> SettingSource {
        let known = Set(Settings.all.map(\.environmentName))
        let ours = environment.filter { $0.key.hasPrefix(Settings.environmentPrefix + "_") }
        for name in ours.keys.sorted() where !known.contains(name) {
            throw NodeError(
                .configuration, "unknown setting \(name) in the environment" + suggestion(for: name, among: known))
        }
        return SettingSource(
            .environment, snapshot: EnvironmentVariablesProvider(environmentVariables: ours).snapshot())
    }
}
