import Configuration
import Foundation
import Yams

extension SettingSource {
    /// A configuration file larger than this is not one: reading stops before it fills the memory.
    private static let fileCeiling = 1 << 20

    /// Reads the YAML file at `path`. Groups may be nested (`limits:` then `connections:`), a list may be a single value.
    ///
    /// - Throws: `NodeError` with `.configuration` when the file cannot be read or names a setting that is not in the
    ///   table.
    static func file(_ path: String) throws(NodeError) -> SettingSource {
        let data: Data
        do {
            data = try Data(contentsOf: URL(fileURLWithPath: path))
        } catch {
            throw NodeError(.configuration, "the configuration file \(path) cannot be read", cause: error)
        }
        guard data.count <= fileCeiling else {
            throw NodeError(.configuration, "the configuration file \(path) is larger than 1 MiB")
        }
        do {
            guard let root = try Parser(yaml: data).singleRoot(), root.null == nil else {
                return SettingSource(.file(path), snapshot: InMemoryProvider(values: [:]).snapshot())
            }
            try checkKeys(of: root, prefix: "", path: path)
            let snapshot = try YAMLSnapshot(data: data.bytes, providerName: path, parsingOptions: .default)
            return SettingSource(.file(path), snapshot: snapshot)
        } catch let error as NodeError {
            throw error
        } catch {
            throw NodeError(.configuration, "the configuration file \(path) is not readable YAML", cause: error)
        }
    }

    /// Refuses keys that no setting has. swift-configuration answers questions about keys, it does not list them.
    private static func checkKeys(of node: Yams.Node, prefix: String, path: String) throws(NodeError) {
        guard let mapping = node.mapping else {
            throw NodeError(.configuration, "\(path) is not a list of settings, as in http: 0.0.0.0:8080")
        }
        let known = Settings.all.filter(\.isAllowedInFile).map(\.key)
        var seen: Set<String> = []
        for (name, value) in mapping {
            let key = prefix + (name.string ?? "")
            let place = name.mark.map { "\(path):\($0.line)" } ?? path
            guard seen.insert(key).inserted else {
                throw NodeError(.configuration, "\(place): \(key) is given twice")
            }
            if known.contains(key) {
                guard value.mapping == nil else {
                    throw NodeError(.configuration, "\(place): \(key): a single value belongs here, not a group")
                }
                continue
            }
            guard known.contains(where: { $0.hasPrefix(key + ".") }), value.mapping != nil else {
                throw NodeError(
                    .configuration, "\(place): unknown setting \(key)" + suggestion(for: key, among: known))
            }
            try checkKeys(of: value, prefix: key + ".", path: path)
        }
    }
}
