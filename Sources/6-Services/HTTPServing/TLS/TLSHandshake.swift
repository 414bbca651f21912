import LibP2PCore
import NIOCore

/// A client's TLS handshake: it has a time, and it ends once, which is counted and told. It belongs to its channel's loop.
final class TLSHandshake {
    private let server: HTTPServer
    private let client: SocketAddress?
    private var deadline: Scheduled<Void>?

    /// Begins with the channel's first moment; when the time is up the channel is closed.
    init(on channel: any Channel, server: HTTPServer, executor: LoopExecutor) {
        self.server = server
        // A closed channel knows it no more.
        client = channel.remoteAddress
        let bound = NIOLoopBound(self, eventLoop: channel.eventLoop)
        deadline = executor.schedule(after: server.configuration.limits.headerTimeout) {
            bound.value.end(.timedOut)
            channel.close(promise: nil)
        }
    }

    /// Ends it. Does nothing when it has ended.
    func end(_ outcome: TLSHandshakeOutcome, because error: (any Error)? = nil) {
        guard let deadline else { return }
        deadline.cancel()
        self.deadline = nil
        server.noteHandshake(outcome, from: client, because: error)
    }
}

/// What became of a TLS handshake.
enum TLSHandshakeOutcome: String, CaseIterable {
    case completed
    /// The client speaks something else.
    case plain
    /// Its first message is none.
    case malformed
    /// There is no certificate for the name it asks for.
    case unknownName = "unknown_name"
    /// The two sides have no version or cipher in common, or the client does not trust the certificate.
    case failed
    /// The client went away.
    case aborted
    case timedOut = "timed_out"

    /// What the log says of it; nil when all went well.
    var failure: String? {
        switch self {
        case .completed: nil
        case .plain: "a client does not speak TLS"
        case .malformed: "the first TLS message of a client is malformed or too long"
        case .unknownName: "a client asked for a name that there is no certificate for"
        case .failed: "a TLS handshake failed"
        case .aborted: "a client went away before its TLS handshake had ended"
        case .timedOut: "a TLS handshake took too long"
        }
    }
}
