import DequeModule
public import LibP2PCore
public import LibP2PTransports
public import NIOCore

/// One end of a pair of pipes within the process, for channels without sockets. Confined to one loop.
public final class MemoryPipe: BytePipe {
    /// Bytes that one direction holds before `offer` refuses more.
    public let capacity: Int
    /// See `BytePipe`.
    public private(set) var input = Stream.Half.open
    /// See `BytePipe`.
    public weak var user: (any BytePipeUser)?

    private let executor: LoopExecutor
    private let latency: Duration
    private weak var other: MemoryPipe?
    private var inbox = Deque<ByteBuffer>()
    /// Bytes that were offered at the other end and not taken here.
    private var heldBytes = 0
    private var isOutputFinished = false
    private var isClosed = false

    private init(_ executor: LoopExecutor, latency: Duration, capacity: Int) {
        self.executor = executor
        self.latency = latency
        self.capacity = capacity
    }

    /// Makes both ends.
    ///
    /// - Parameter latency: how long bytes are under way.
    public static func pair(
        on executor: LoopExecutor, latency: Duration = .zero, capacity: Int = 64 * 1024
    ) -> (MemoryPipe, MemoryPipe) {
        let left = MemoryPipe(executor, latency: latency, capacity: capacity)
        let right = MemoryPipe(executor, latency: latency, capacity: capacity)
        left.other = right
        right.other = left
        return (left, right)
    }

    /// Two active channels that are connected to each other. Called on the loop.
    public static func channels(
        on executor: LoopExecutor, latency: Duration = .zero, capacity: Int = 64 * 1024
    ) -> (PipeChannel, PipeChannel) {
        let (left, right) = pair(on: executor, latency: latency, capacity: capacity)
        let channels = (PipeChannel(left, on: executor.loop), PipeChannel(right, on: executor.loop))
        channels.0.activate()
        channels.1.activate()
        return channels
    }

    /// See `BytePipe`.
    public func takeInput() -> ByteBuffer? {
        guard var bytes = inbox.popFirst() else { return nil }
        while var next = inbox.popFirst() { bytes.writeBuffer(&next) }
        let wasFull = heldBytes >= capacity
        heldBytes -= bytes.readableBytes
        if wasFull, heldBytes < capacity { later { $0.other?.user?.pipeOutputChanged() } }
        return bytes
    }

    /// See `BytePipe`.
    public func offer(_ bytes: ByteBuffer) throws -> Bool {
        guard !isOutputFinished, let other else {
            throw NetworkError(.closed, "The pipe was closed for writing.")
        }
        guard other.heldBytes < other.capacity else { return false }
        other.heldBytes += bytes.readableBytes
        other.later { $0.receive(bytes) }
        return true
    }

    /// See `BytePipe`.
    public func finishOutput() {
        guard !isOutputFinished else { return }
        isOutputFinished = true
        other?.later { $0.receiveEnd() }
    }

    /// See `BytePipe`.
    public func close() {
        finishOutput()
        isClosed = true
        inbox.removeAll()
    }

    private func receive(_ bytes: ByteBuffer) {
        guard !isClosed, case .open = input else { return }
        inbox.append(bytes)
        user?.pipeInputChanged()
    }

    private func receiveEnd() {
        guard case .open = input else { return }
        input = .finished
        user?.pipeInputChanged()
    }

    private func later(_ action: @escaping (MemoryPipe) -> Void) {
        let bound = NIOLoopBound((self, action), eventLoop: executor.loop)
        if latency == .zero {
            executor.loop.execute { bound.value.1(bound.value.0) }
        } else {
            executor.schedule(after: latency) { bound.value.1(bound.value.0) }
        }
    }
}
