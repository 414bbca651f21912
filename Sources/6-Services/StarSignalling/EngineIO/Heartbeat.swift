import NIOCore

/// Tells from what was heard of a client, and when, whether it lives. In revision 3 the client pings and the server only
/// waits; in revision 4 the server pings.
struct Heartbeat {
    /// What is to be done at a time.
    enum Step: Equatable {
        case wait
        case ping
        case dead
    }

    private let revision: EngineRevision
    private let interval: TimeAmount
    private let timeout: TimeAmount
    private var awaitsPong = false

    /// When there will be something to do, unless the client is heard before.
    private(set) var due: NIODeadline

    init(_ revision: EngineRevision, _ settings: EngineSettings, at now: NIODeadline) {
        self.revision = revision
        interval = TimeAmount(settings.pingInterval)
        timeout = TimeAmount(settings.pingTimeout)
        due = now + interval
        if revision == .three { due = due + timeout }
    }

    /// What is to be done now.
    mutating func check(at now: NIODeadline) -> Step {
        guard now >= due else { return .wait }
        switch revision {
        case .three:
            return .dead
        case .four:
            if awaitsPong { return .dead }
            awaitsPong = true
            due = now + timeout
            return .ping
        }
    }

    /// A packet came. In revision 3 any is a sign of life; in revision 4 the answer to a ping is.
    mutating func heard(_ kind: EnginePacket.Kind, at now: NIODeadline) {
        switch (revision, kind) {
        case (.three, _):
            due = now + interval + timeout
        case (.four, .pong):
            awaitsPong = false
            due = now + interval
        case (.four, _):
            break
        }
    }
}
