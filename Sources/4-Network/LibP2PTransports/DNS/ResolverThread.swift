import LibP2PCore
import NIOCore
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// The thread on which c-ares runs: it waits for its sockets and for new questions.
///
/// c-ares 1.18 has no event thread of its own, and NIO cannot watch sockets that others own.
final class ResolverThread: Sendable {
    private struct Inbox {
        var questions: [(NameQuestion, ResolverWaiter)] = []
        var isStopped = false
    }

    private let configuration: DNSResolver.Configuration
    private let inbox = Mutex(Inbox())
    private let pipe: WakeUpPipe

    init(_ configuration: DNSResolver.Configuration) throws(NetworkError) {
        self.configuration = configuration
        pipe = try WakeUpPipe()
    }

    /// Hands a question to the thread. May be called on any thread.
    func ask(_ question: NameQuestion, _ waiter: ResolverWaiter) {
        let refusal = inbox.withLock { inbox -> NetworkError? in
            if inbox.isStopped { return NetworkError(.cancelled, "The resolver was shut down.") }
            if inbox.questions.count >= configuration.maxWaiting {
                return NetworkError(.refused, "\(inbox.questions.count) questions about names are waiting already.")
            }
            inbox.questions.append((question, waiter))
            return nil
        }
        if let refusal { return waiter.finish(.failure(refusal)) }
        pipe.wake()
    }

    /// Lets the thread end soon. May be called on any thread.
    ///
    /// - Returns: false when it was stopped before.
    func stop() -> Bool {
        let isFirst = inbox.withLock { inbox in
            defer { inbox.isStopped = true }
            return !inbox.isStopped
        }
        if isFirst { pipe.wake() }
        return isFirst
    }

    /// Works until it is stopped.
    func run() {
        let session = ResolverSession(configuration)
        while true {
            let (questions, isStopped) = inbox.withLock { inbox in
                defer { inbox.questions.removeAll() }
                return (inbox.questions, inbox.isStopped)
            }
            let now = NIODeadline.now()
            for (question, waiter) in questions { session.ask(question, waiter, at: now) }
            if isStopped { return session.close() }
            session.closeIfIdle()
            wait(for: session, until: session.expire(at: now), from: now)
        }
    }

    /// Waits until a socket is ready, a question comes or time is up, and lets c-ares work.
    private func wait(for session: ResolverSession, until deadline: NIODeadline?, from now: NIODeadline) {
        var sockets = session.channel?.sockets ?? []
        sockets.append(pollfd(fd: pipe.reader, events: Int16(POLLIN), revents: 0))
        let waits = [session.channel?.timeout, deadline.map { $0 - now }].compactMap(\.self)
        // Rounded up, so that the time is really up when the wait ends.
        let milliseconds = waits.min().map { Int32(clamping: $0.nanoseconds / 1_000_000 + 1) } ?? -1
        // When interrupted, no socket is marked as ready, and the next round waits again.
        _ = poll(&sockets, nfds_t(sockets.count), milliseconds)
        if sockets.removeLast().revents != 0 { pipe.drain() }
        session.channel?.process(sockets)
    }
}
