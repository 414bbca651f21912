package import NIOCore

/// An event of a client: `["name",argument,…]`. Nothing but its name is decoded; that all of it is JSON, and UTF-8, is
/// checked already.
package struct SocketEvent: Sendable {
    /// The event's name.
    package let name: String

    /// The JSON text of each argument, as the client wrote it.
    package let arguments: [ByteBuffer]

    /// The JSON text of the whole array.
    package let text: ByteBuffer

    /// The binary parts that placeholders in the arguments stand for.
    package let attachments: [ByteBuffer]

    /// Under which number the client wants to be told that the event came. It is told; the service needs not care.
    package let acknowledgementID: UInt64?

    /// Puts an event together, as tests do. The texts are taken as they are.
    package init(
        name: String, arguments: [ByteBuffer], text: ByteBuffer, attachments: [ByteBuffer] = [],
        acknowledgementID: UInt64? = nil
    ) {
        self.name = name
        self.arguments = arguments
        self.text = text
        self.attachments = attachments
        self.acknowledgementID = acknowledgementID
    }
}
