/// The parameters of a request that mean something to the engine. Of one that comes twice the first counts.
struct EngineQuery {
    private(set) var transport: Substring?
    private(set) var sid: Substring?
    private(set) var revision: Substring?
    /// Whether the answer is wanted as a script (JSONP).
    private(set) var wantsScript = false

    init(_ query: String) {
        for parameter in query.split(separator: "&") {
            let parts = parameter.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let value = parts.count > 1 ? parts[1] : ""
            switch parts[0] {
            case "transport": transport = transport ?? value
            case "sid": sid = sid ?? value
            case "EIO": revision = revision ?? value
            case "j": wantsScript = true
            default: break
            }
        }
    }
}
