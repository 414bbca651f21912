public import LibP2PIdentity

/// A message of a topic whose author's signature is valid.
public struct PubSubMessage: Sendable, Hashable {
    /// Its name in the network.
    public let id: MessageID
    /// Who wrote it, which need not be who sent it on.
    public let author: PeerID
    /// What it is about.
    public let topic: String
    /// What it says.
    public let data: [UInt8]
}

/// What an application makes of a message.
public enum PubSubVerdict: Sendable, Hashable {
    /// Deliver it and send it on.
    case accept
    /// Neither deliver it nor send it on, and hold it against the peer that sent it.
    case reject
    /// Neither deliver it nor send it on; it is nobody's fault.
    case ignore
}
