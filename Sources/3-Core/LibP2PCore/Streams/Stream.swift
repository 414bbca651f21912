import DequeModule
public import LibP2PIdentity
import NIOCore

/// One stream of a connection: a pair of byte pipes, one in each direction, each of which ends by itself.
///
/// A stream is a light object confined to its connection's event loop; it is not `Sendable`, and the compiler keeps it
/// where it belongs. It has two faces:
/// - handlers use the `async` methods: ``read()``, ``read(exactly:)``, ``message(_:max:)``, ``write(_:)``;
/// - code that must not suspend, such as a relay's splice, uses ``takeInput()``, ``offer(_:)`` and an ``observer``.
///
/// The muxer below feeds ``receive(_:)`` and its siblings and takes bytes by ``takeOutput(upTo:)``. What is unread is
/// bounded by the muxer's receive window, what is unsent by one call of ``write(_:)`` and by ``outputLimit``.
public final class Stream {
    /// Which side opened the stream.
    public enum Direction: Sendable { case inbound, outbound }

    /// How one direction of the stream stands.
    public enum Half: Sendable {
        /// Bytes may come.
        case open
        /// The sender said that there are no more.
        case finished
        /// Cut off; what was under way is lost.
        case failed(NetworkError)
    }

    /// The muxer's number for the stream; unique within the connection and its direction at a time.
    public let id: UInt64
    /// Which side opened the stream.
    public let direction: Direction
    /// The connection that carries the stream.
    public let connection: Connection
    /// The muxer's own index for the stream's state, so that it need not look it up by number.
    public var slot: Int
    /// What is spoken on the stream; nil until that is agreed.
    public internal(set) var protocolID: ProtocolID?

    /// Called on the loop when bytes, an end or room for output appear; instead of the `async` methods, not beside them.
    public weak var observer: (any StreamObserver)?

    /// How the inbound direction stands. Bytes that came before its end can still be read.
    public internal(set) var input: Half = .open
    /// How the outbound direction stands: `.finished` as soon as ``closeWrite()`` was called.
    public internal(set) var output: Half = .open

    unowned let muxer: any StreamMuxer
    /// The bytes that are read next; further ones wait in `backlog`.
    var head = ByteBuffer()
    var backlog = Deque<ByteBuffer>()
    var bufferedBytes = 0
    /// Bytes at the front of `head` for which the sender was granted room already.
    var grantedBytes = 0
    /// Bytes that were taken, and for which the sender was not yet granted room.
    var withheldBytes = 0
    var outbox = Deque<ByteBuffer>()
    var outboxBytes = 0
    var discardsInput = false
    /// Set while the answer to an optimistic proposal is still to be read.
    var awaitedProtocol: ProtocolID?
    var reader: UnsafeContinuation<Void, Never>?
    /// Reads since the last one that had to wait.
    var readsInARow = 0
    var writer: UnsafeContinuation<Void, Never>?
    /// The connection's books about this stream.
    var ledger = StreamLedger()

    /// Made by muxers.
    public init(id: UInt64, direction: Direction, connection: Connection, muxer: any StreamMuxer, slot: Int = 0) {
        self.id = id
        self.direction = direction
        self.connection = connection
        self.muxer = muxer
        self.slot = slot
    }

    /// The peer at the other end, as the connection's handshake proved it.
    public var remotePeer: PeerID { connection.remotePeer }

    /// Unsent bytes from which ``offer(_:)`` refuses more.
    public static let outputLimit = 256 * 1024

    /// Reads without waiting after which others on the loop have their turn.
    static let maxReadsInARow = 8

    /// Ends the outbound direction after all that was written. The inbound one stays as it is.
    public func closeWrite() {
        guard case .open = output else { return }
        output = .finished
        muxer.outputReady(self)
    }

    /// Cuts both directions off at once; the other side learns of it. Bytes that were not read are thrown away.
    public func reset(_ error: NetworkError = NetworkError(.reset, "The stream was reset by this node.")) {
        if !isDone {
            muxer.reset(self, code: error.resetCode)
            fail(error)
        }
        discardBuffered()
    }

    /// Ends the limits in time that the stream's protocol declared: its handler watches over the time from here on.
    public func liftTimeLimits() {
        ledger.limits.idle = nil
        ledger.limits.lifetime = nil
    }

    /// Whether both directions have ended and nothing waits to be sent.
    public var isDone: Bool {
        if case .open = input { return false }
        if case .open = output { return false }
        return outboxBytes == 0
    }

    /// Ends the stream from the application's side: what was written is still sent, what comes is thrown away.
    func retire() {
        closeWrite()
        discardsInput = true
        discardBuffered()
        ledger.limits = .negotiating
        ledger.openedAt = connection.executor.now
    }

    /// Cuts both directions off without telling the other side. What came before its end can still be read.
    func fail(_ error: NetworkError) {
        if case .open = input {
            input = .failed(error)
            discardBuffered()
        }
        output = .failed(error)
        outbox.removeAll()
        outboxBytes = 0
        wakeReader()
        wakeWriter()
    }

    private func discardBuffered() {
        let count = bufferedBytes
        backlog.removeAll()
        head = ByteBuffer()
        if count > 0 { consumed(count) }
        if withheldBytes > 0 { grantInput(withheldBytes) }
    }

    func account(removed count: Int) {
        bufferedBytes -= count
        _ = connection.executor.reserveBuffer(-count)
    }

    func wakeReader() {
        if let waiting = reader {
            reader = nil
            waiting.resume()
        }
        observer?.inputChanged(self)
    }

    func wakeWriter() {
        if let waiting = writer {
            writer = nil
            waiting.resume()
        }
        observer?.outputChanged(self)
    }
}

/// Watches a stream by callbacks on its loop.
public protocol StreamObserver: AnyObject {
    /// Bytes came, or the inbound direction ended: see ``Stream/takeInput()`` and ``Stream/input``.
    func inputChanged(_ stream: Stream)

    /// All that was offered has been sent, or the outbound direction was cut off.
    func outputChanged(_ stream: Stream)
}

/// What a connection knows of one of its streams, to enforce limits.
struct StreamLedger {
    var limits = StreamLimits.negotiating
    var route: StreamRoute?
    var failure: NetworkError?
    var openedAt = NIODeadline.uptimeNanoseconds(0)
    var activeAt = NIODeadline.uptimeNanoseconds(0)

    /// When the stream breaks a limit unless something happens on it; nil for never.
    var deadline: NIODeadline? {
        let idle = limits.idle.map { activeAt + TimeAmount($0) }
        let end = limits.lifetime.map { openedAt + TimeAmount($0) }
        guard let idle, let end else { return idle ?? end }
        return min(idle, end)
    }
}
