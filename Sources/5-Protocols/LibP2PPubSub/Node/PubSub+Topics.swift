import LibP2PCore
import LibP2PIdentity
import NIOCore

// What applications do with topics.
extension PubSub {
    /// Enters a topic without listening to it: the node sends its messages on. Each call needs a ``leave(_:)``.
    ///
    /// - Throws: ``PubSubError`` with code ``PubSubError/Code/limitReached`` when there are too many topics, or the name is
    ///   empty or too long.
    public func join(_ topic: String) throws {
        let limits = configuration.limits
        guard 1...limits.topicLength ~= topic.utf8.count else {
            throw PubSubError(
                .limitReached, "a topic has 1 to \(limits.topicLength) bytes, not \(topic.utf8.count)")
        }
        guard joins[topic] != nil || joins.count < limits.topics else {
            throw PubSubError(.limitReached, "the node is in \(limits.topics) topics already")
        }
        joins[topic, default: 0] += 1
        router.join(topic, at: executor.now)
        act()
    }

    /// Ends what ``join(_:)`` began; the last one leaves the topic.
    public func leave(_ topic: String) {
        guard let count = joins[topic] else { return }
        joins[topic] = count > 1 ? count - 1 : nil
        guard count == 1 else { return }
        router.leave(topic, at: executor.now)
        act()
    }

    /// Enters a topic and listens to it.
    ///
    /// Messages that this node publishes itself come too.
    ///
    /// - Parameter capacity: messages that wait to be taken; beyond it the oldest is lost.
    /// - Throws: as ``join(_:)``; ``PubSubError/Code/stopped`` when the service does not run.
    public func subscribe(to topic: String, capacity: Int = 256) throws -> PubSubSubscription {
        guard isRunning else { throw PubSubError(.stopped, "the service does not run") }
        try join(topic)
        let (messages, continuation) = AsyncStream.makeStream(
            of: PubSubMessage.self, bufferingPolicy: .bufferingNewest(max(1, capacity)))
        let id = nextListener
        nextListener += 1
        listeners[topic, default: []].append(Listener(id: id, continuation: continuation))
        continuation.onTermination = { [weak self, executor] _ in
            executor.spawn { [weak self] in await self?.unsubscribe(id, from: topic) }
        }
        return PubSubSubscription(topic: topic, messages: messages)
    }

    private func unsubscribe(_ id: UInt64, from topic: String) {
        guard let all = listeners[topic], all.contains(where: { $0.id == id }) else { return }
        let rest = all.filter { $0.id != id }
        listeners[topic] = rest.isEmpty ? nil : rest
        leave(topic)
    }

    /// Signs a message and sends it to those who are subscribed, whether this node is or not.
    ///
    /// - Returns: how many peers it is sent to.
    /// - Throws: ``PubSubError`` with code ``PubSubError/Code/messageTooLong``, or `IdentityError` when the key can't sign.
    @discardableResult
    public func publish(_ data: [UInt8], to topic: String) throws -> Int {
        let limits = configuration.limits
        guard data.count <= limits.messageLength, 1...limits.topicLength ~= topic.utf8.count else {
            throw PubSubError(
                .messageTooLong,
                "a message has at most \(limits.messageLength) bytes and a topic 1 to \(limits.topicLength), "
                    + "not \(data.count) and \(topic.utf8.count)")
        }
        // Numbers begin at the time, so that they are new ones after a restart.
        lastSequence = max(UInt64(clamping: network.clock.now.nanoseconds), lastSequence &+ 1)
        let message = try WireMessage.sealed(data, topic: topic, sequence: lastSequence, by: network.identity)
        let count = router.publish(message, at: executor.now)
        act()
        if let id = message.id, listeners[topic] != nil {
            deliver(PubSubMessage(id: id, author: network.localPeer, topic: topic, data: data))
        }
        return count
    }

    /// Judges the messages of a topic before they are delivered and sent on; nil to accept all again.
    ///
    /// - Parameter validator: called on the service's loop for each message that is new and signed; it must not block.
    public func validate(_ topic: String, _ validator: (@Sendable (PubSubMessage) -> PubSubVerdict)?) {
        validators[topic] = validator
    }
}
