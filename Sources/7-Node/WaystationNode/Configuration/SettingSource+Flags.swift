import Configuration

extension SettingSource {
    /// Reads the flags of `run`: `--name VALUE`, `--name=VALUE`, and `--name` alone for a switch.
    ///
    /// - Throws: `NodeError` with `.usage` for what is not a flag of the table or lacks its value.
    static func flags(_ arguments: [String]) throws(NodeError) -> SettingSource {
        let byFlag = Dictionary(uniqueKeysWithValues: Settings.all.map { ($0.flag, $0) })
        var texts: [String: [String]] = [:]
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            let halves = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = String(halves[0])
            guard let setting = byFlag[name] else {
                throw unknownFlag(name, among: byFlag.keys)
            }
            let text: String
            if halves.count == 2 {
                text = String(halves[1])
            } else if setting.placeholder == nil {
                text = "true"
            } else if let next = rest.first, !next.hasPrefix("--") {
                text = next
                rest = rest.dropFirst()
            } else {
                throw NodeError(.usage, "\(name) needs a value: \(name) \(setting.placeholder ?? "VALUE")")
            }
            texts[setting.key, default: []].append(text)
        }

        var values: [AbsoluteConfigKey: ConfigValue] = [:]
        for setting in Settings.all {
            guard let given = texts[setting.key] else { continue }
            let key = AbsoluteConfigKey(setting.key.split(separator: ".").map(String.init))
            if setting.isRepeatable {
                values[key] = ConfigValue(.stringArray(given), isSecret: false)
            } else if given.count == 1 {
                values[key] = ConfigValue(.string(given[0]), isSecret: false)
            } else {
                throw NodeError(.usage, "\(setting.flag) is given \(given.count) times, once is allowed")
            }
        }
        return SettingSource(.flags, snapshot: InMemoryProvider(values: values).snapshot())
    }

    private static func unknownFlag(_ name: String, among flags: some Sequence<String>) -> NodeError {
        guard name.hasPrefix("-") else {
            return NodeError(.usage, "unexpected argument \(name); values follow their flags, as in --http 0.0.0.0:80")
        }
        return NodeError(.usage, "unknown flag \(name)" + suggestion(for: name, among: flags))
    }

    /// `; did you mean X?` when a known name is close, else nothing.
    static func suggestion(for name: String, among known: some Sequence<String>) -> String {
        guard let (closest, distance) = known.map({ ($0, editDistance($0, name)) }).min(by: { $0.1 < $1.1 }),
            distance <= 3
        else { return "" }
        return "; did you mean \(closest)?"
    }

    /// How many letters must be added, removed or changed to come from one text to the other.
    private static func editDistance(_ left: String, _ right: String) -> Int {
        let right = Array(right)
        var row = Array(0...right.count)
        for (index, character) in left.enumerated() {
            var diagonal = row[0]
            row[0] = index + 1
            for column in right.indices {
                let substituted = diagonal + (character == right[column] ? 0 : 1)
                diagonal = row[column + 1]
                row[column + 1] = min(substituted, row[column] + 1, row[column + 1] + 1)
            }
        }
        return row[right.count]
    }
}
