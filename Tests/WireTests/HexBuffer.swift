import LibP2PTesting
import NIOCore

/// A buffer of bytes written as hex digits, behind a byte that was read already: index 0 is no special place.
func buffer(_ text: String) throws -> ByteBuffer {
    var buffer = ByteBuffer(bytes: [0xee] + (try hex(text)))
    buffer.moveReaderIndex(forwardBy: 1)
    return buffer
}
