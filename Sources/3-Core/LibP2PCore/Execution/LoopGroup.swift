public import NIOCore
import Synchronization

/// The executors of a group of event loops: one for each loop, handed out in turn.
public final class LoopGroup: Sendable {
    /// All executors, one a loop.
    public let executors: [LoopExecutor]

    /// The same loops as NIO's bootstraps want them.
    public let group: any EventLoopGroup

    private let turn = Atomic<Int>(0)

    /// Makes one executor for each loop of the group.
    ///
    /// - Parameter bufferLimit: bytes that all streams of all loops together may hold unread; 0 is unlimited. It is
    ///   shared out evenly, so that no loop has to ask another.
    public init(_ group: any EventLoopGroup, bufferLimit: Int = 0) {
        var loops: [any EventLoop] = []
        for loop in group.makeIterator() { loops.append(loop) }
        let share = bufferLimit / max(1, loops.count)
        self.group = group
        executors = loops.map { LoopExecutor($0, bufferLimit: share) }
    }

    /// Uses executors that exist already, as simulations do. ``group`` is the first one's loop only.
    ///
    /// - Precondition: there is at least one.
    public init(executors: [LoopExecutor]) {
        precondition(!executors.isEmpty, "A loop group needs at least one executor.")
        self.executors = executors
        group = executors[0].loop
    }

    /// Bytes that the streams of all loops hold unread, asked of one loop after another.
    ///
    /// - Throws: when a loop is shut down.
    public func bufferedBytes() async throws -> Int {
        var sum = 0
        for executor in executors { sum += try await executor.loop.submit { executor.bufferedBytes }.get() }
        return sum
    }

    /// The next executor in turn.
    public func next() -> LoopExecutor {
        let ticket = turn.wrappingAdd(1, ordering: .relaxed).oldValue
        return executors[Int(UInt(bitPattern: ticket) % UInt(executors.count))]
    }

    /// The executor of a loop, if the loop belongs to this group.
    public func executor(of loop: any EventLoop) -> LoopExecutor? {
        executors.first { $0.loop === loop }
    }
}
