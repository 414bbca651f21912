import NIOCore

/// What one ``MemoryMuxer`` tells the other.
enum MemoryFrame: Sendable {
    /// The sender opened a stream.
    case open(UInt64)
    /// Bytes of a stream, within its window.
    case data(UInt64, ByteBuffer)
    /// The sender will send no more on a stream.
    case end(UInt64)
    /// The sender cut a stream off.
    case reset(UInt64)
    /// The receiver may send so many more bytes on a stream.
    case window(UInt64, Int)
    /// The connection ends.
    case close
}
