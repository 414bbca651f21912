import LibP2PCore
import NIOCore

/// The questions under way on the resolver's thread, and the answers that are kept. Used on that thread only.
///
/// The c-ares channel lives while questions are under way: each burst reads the system's settings anew, and asks from
/// fresh source ports, which are what makes answers hard to forge.
final class ResolverSession {
    private struct Waiting {
        let waiter: ResolverWaiter
        let deadline: NIODeadline
    }

    private let configuration: DNSResolver.Configuration
    private var cache: AnswerCache
    private(set) var channel: AresChannel?
    private var waiting: [NameQuestion: [Waiting]] = [:]
    private var waitingCount = 0

    init(_ configuration: DNSResolver.Configuration) {
        self.configuration = configuration
        cache = AnswerCache(
            capacity: configuration.cacheCapacity, maxLifetime: TimeAmount(configuration.maxCacheLifetime))
    }

    /// Answers from the cache, joins a question that is under way, or asks.
    func ask(_ question: NameQuestion, _ waiter: ResolverWaiter, at now: NIODeadline) {
        if let answer = cache.answer(to: question, at: now) { return waiter.finish(.success(answer)) }
        guard waitingCount < configuration.maxWaiting else {
            return waiter.finish(
                .failure(NetworkError(.refused, "\(waitingCount) questions about names are under way already.")))
        }
        let isNew = waiting[question] == nil
        waiting[question, default: []].append(
            Waiting(waiter: waiter, deadline: now + TimeAmount(configuration.timeout)))
        waitingCount += 1
        guard isNew else { return }
        do throws(NetworkError) {
            let channel = try openChannel()
            channel.ask(question) { [weak self] reply in self?.finish(question, reply) }
        } catch {
            finish(question, .failure(error))
        }
    }

    private func openChannel() throws(NetworkError) -> AresChannel {
        if let channel { return channel }
        let new = try AresChannel(configuration)
        channel = new
        return new
    }

    private func finish(_ question: NameQuestion, _ reply: AresChannel.Reply) {
        if case .success((let answer, let lifetime)) = reply {
            cache.insert(answer, to: question, lifetime: .seconds(lifetime), at: .now())
        }
        let waiters = waiting.removeValue(forKey: question) ?? []
        waitingCount -= waiters.count
        for waiting in waiters { waiting.waiter.finish(reply.map(\.answer)) }
    }

    /// When the first of the callers has waited for too long; nil when nobody waits.
    ///
    /// Callers stay in the table until their question is answered, even when they have gone: the limit on their number is
    /// thus also one on c-ares' work.
    func expire(at now: NIODeadline) -> NIODeadline? {
        var next: NIODeadline?
        for waiting in waiting.values.joined() {
            if waiting.deadline <= now {
                waiting.waiter.finish(.failure(NetworkError(.timeout, "No name server answered in time.")))
            } else {
                next = min(next ?? waiting.deadline, waiting.deadline)
            }
        }
        return next
    }

    /// Closes the channel when nothing is under way.
    func closeIfIdle() {
        if waiting.isEmpty { channel = nil }
    }

    /// Fails all that is under way.
    func close() {
        // The channel answers what it still has while it is destroyed, so it must not be reachable any more by then.
        let last = channel
        channel = nil
        withExtendedLifetime(last) {}
    }
}
