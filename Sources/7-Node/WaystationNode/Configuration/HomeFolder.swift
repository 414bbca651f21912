/// Paths that begin at the home folder.
enum HomeFolder {
    /// `path` with a leading `~/` replaced by the home folder, which a shell does only for flags.
    static func expand(_ path: String, environment: [String: String]) -> String {
        guard path.hasPrefix("~/"), let home = environment["HOME"], !home.isEmpty else { return path }
        return home + path.dropFirst(1)
    }

    /// Where data goes when nothing else is said, after the XDG base directory specification.
    static func defaultDataFolder(environment: [String: String]) throws(NodeError) -> String {
        // The specification has relative paths there ignored.
        if let data = environment["XDG_DATA_HOME"], data.hasPrefix("/") {
            return data + "/waystation"
        }
        guard let home = environment["HOME"], !home.isEmpty else {
            throw NodeError(.configuration, "there is no HOME to keep data in; say where with \(Settings.dataDir.flag)")
        }
        return home + "/.local/share/waystation"
    }
}
