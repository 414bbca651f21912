import Multiformats
import Synchronization

/// Counts sessions, in all and by address, and refuses those beyond the limits.
final class SessionCensus: Sendable {
    private struct State {
        var count = 0
        var perIP: [IPAddress: Int] = [:]
        var isStopped = false
    }

    private let total: Int?
    private let perIP: Int?
    private let isSpared: @Sendable (IPAddress) -> Bool
    private let state = Mutex(State())

    init(_ settings: EngineSettings) {
        total = settings.maxSessions
        perIP = settings.maxSessionsPerIP
        isSpared = settings.isSparedPerIP
    }

    var count: Int { state.withLock { $0.count } }

    /// Takes a place for a session from there, or says why there is none. Each is given back by ``release(_:)``.
    func admit(_ source: IPAddress?) throws(EngineRefusal) {
        let group = group(source)
        let refusal = state.withLock { state in
            let refusal = reason(against: group, state)
            if refusal == nil {
                state.count += 1
                if let group { state.perIP[group, default: 0] += 1 }
            }
            return refusal
        }
        if let refusal { throw refusal }
    }

    /// Says why there is no place for a session from there, and takes none.
    func check(_ source: IPAddress?) throws(EngineRefusal) {
        let group = group(source)
        if let refusal = state.withLock({ reason(against: group, $0) }) { throw refusal }
    }

    private func reason(against group: IPAddress?, _ state: State) -> EngineRefusal? {
        if state.isStopped { return .full }
        if let total, state.count >= total { return .full }
        if let group, let perIP, state.perIP[group, default: 0] >= perIP { return .perIP }
        return nil
    }

    /// Gives a place back.
    func release(_ source: IPAddress?) {
        let group = group(source)
        state.withLock { state in
            state.count -= 1
            if let group, let count = state.perIP[group] { state.perIP[group] = count > 1 ? count - 1 : nil }
        }
    }

    /// Lets nobody in any more.
    func stop() { state.withLock { $0.isStopped = true } }

    /// What is counted together; nothing for those who are spared.
    private func group(_ source: IPAddress?) -> IPAddress? {
        guard let source, !isSpared(source) else { return nil }
        return source.customer
    }
}
