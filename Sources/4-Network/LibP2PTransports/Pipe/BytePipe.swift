public import LibP2PCore
public import NIOCore

/// Bytes in both directions, each of which ends by itself: what a ``PipeChannel`` stands on. Confined to one loop.
public protocol BytePipe: AnyObject {
    /// Who is told of changes.
    var user: (any BytePipeUser)? { get set }

    /// How the inbound direction stands; bytes that came before its end may still be there.
    var input: Stream.Half { get }

    /// Takes bytes that have come; nil when there are none now.
    func takeInput() -> ByteBuffer?

    /// Sends bytes without waiting.
    ///
    /// - Returns: false when there is no room; then nothing was taken, and the user is told when there is.
    /// - Throws: when the outbound direction has ended.
    func offer(_ bytes: ByteBuffer) throws -> Bool

    /// Ends the outbound direction after all that was taken.
    func finishOutput()

    /// Ends both directions. What was taken is still sent, what comes is thrown away.
    func close()
}

/// Is told what happens on a pipe, on its loop.
public protocol BytePipeUser: AnyObject {
    /// Bytes came, or the inbound direction ended.
    func pipeInputChanged()

    /// There is room for output.
    func pipeOutputChanged()
}
