/// The name of a message in the network: its author's id followed by the author's number for it.
///
/// They are raw bytes, no text, though some programs declare them as strings.
public struct MessageID: Hashable, Sendable {
    /// The bytes as they go over the wire.
    public let bytes: [UInt8]

    /// Takes an id as it is.
    public init(bytes: [UInt8]) { self.bytes = bytes }

    /// The longest id that is looked at, in bytes: ours have at most 52, other networks' are digests.
    static let maxLength = 256
}
