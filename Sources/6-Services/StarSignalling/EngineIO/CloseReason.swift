/// Why a client's connection ended, as the metrics tell it.
public enum CloseReason: String, Sendable, CaseIterable {
    /// The client said goodbye.
    case clientClosed = "client_closed"
    /// The connection below is gone.
    case transportClosed = "transport_closed"
    /// The client did not answer in time, or did not ping in time.
    case heartbeat
    /// The client sent what is no packet.
    case malformed
    /// The client sent more than a message may have.
    case tooLarge = "too_large"
    /// The client asked twice at once what it may only ask once at a time.
    case overlap
    /// The client does not take what it is sent.
    case slowReceiver = "slow_receiver"
    /// The client connected no namespace in time.
    case noNamespace = "no_namespace"
    /// There is no room for this client.
    case refused
    /// The client sent too much in too short a time.
    case flood
    /// The server ends.
    case shutdown
}
