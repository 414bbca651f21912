/// The messages of a topic, as they come.
///
/// What is not taken in time is lost, the oldest first; `PubSubStatistics.droppedDeliveries` counts it. The topic is left
/// when the loop over the messages ends, or this value is gone, unless something else keeps the node in it.
public struct PubSubSubscription: AsyncSequence, Sendable {
    /// See `AsyncSequence`.
    public typealias Element = PubSubMessage
    /// See `AsyncSequence`.
    public typealias AsyncIterator = AsyncStream<PubSubMessage>.Iterator

    /// The topic.
    public let topic: String
    let messages: AsyncStream<PubSubMessage>

    /// See `AsyncSequence`.
    public func makeAsyncIterator() -> AsyncStream<PubSubMessage>.Iterator { messages.makeAsyncIterator() }
}
