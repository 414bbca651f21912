package import LibP2PCore
package import Multiformats
import NIOCore

/// A client's connection to the default namespace.
///
/// Its state is touched on its loop only; other loops may hold it, and come by ``executor``.
package final class ServerSocket: Sendable {
    /// The socket's name, which clients of protocol 5 are told.
    package let id: SocketID

    /// The executor of the loop that the socket lives on.
    package let executor: LoopExecutor

    /// Where the client is, after trusted proxies; nil when that is not known.
    package let source: IPAddress?

    // SAFETY: read and written only while `executor.isCurrent`; each accessor below asserts it.
    private nonisolated(unsafe) var state: State

    private struct State {
        var output: (any SocketOutput)?
        var service: AnyObject?
    }

    /// Makes a socket that is connected until ``detach()``.
    package init(id: SocketID, executor: LoopExecutor, source: IPAddress?, output: any SocketOutput) {
        self.id = id
        self.executor = executor
        self.source = source
        state = State(output: output)
    }

    /// Whether the namespace is connected.
    package var isOpen: Bool {
        executor.loop.assertInEventLoop()
        return state.output != nil
    }

    /// What the service keeps with the socket.
    package var service: AnyObject? {
        get {
            executor.loop.assertInEventLoop()
            return state.service
        }
        set {
            executor.loop.assertInEventLoop()
            state.service = newValue
        }
    }

    /// Sends packets, in order, soon: those of one tick leave together. Does nothing when the socket is not open.
    ///
    /// A receiver that holds more unsent bytes than it may is closed instead, in which case the service's
    /// `disconnected` is called later, not from within.
    package func send(_ batch: PacketBatch) {
        executor.loop.assertInEventLoop()
        state.output?.send(batch)
    }

    /// Whether the receiver lags so far behind that what can be left out should be: half of what it may hold unsent waits.
    package var isCongested: Bool {
        executor.loop.assertInEventLoop()
        return state.output?.isCongested ?? false
    }

    /// Ends the client's whole connection. The service's `disconnected` is called later, not from within.
    package func close(_ reason: CloseReason) {
        executor.loop.assertInEventLoop()
        state.output?.close(reason)
    }

    /// Marks the socket as disconnected: nothing is sent any more.
    package func detach() {
        executor.loop.assertInEventLoop()
        state.output = nil
    }
}
