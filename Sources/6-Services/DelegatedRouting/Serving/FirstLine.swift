import NIOCore
import Synchronization

/// A line that was made before the stream that begins with it.
final class FirstLine: Sendable {
    private let bytes: Mutex<ByteBuffer?>

    init(_ bytes: ByteBuffer?) { self.bytes = Mutex(bytes) }

    /// The line, once.
    func take() -> ByteBuffer? {
        bytes.withLock { bytes in
            defer { bytes = nil }
            return bytes
        }
    }
}
