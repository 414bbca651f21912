/// How a rendezvous server answers.
public enum RendezvousStatus: UInt64, Sendable, Hashable, CaseIterable {
    /// Done.
    case ok = 0
    /// The namespace is missing or longer than 255 bytes.
    case invalidNamespace = 100
    /// The signed peer record is missing, too long, not valid, or another peer's.
    case invalidRecord = 101
    /// The time to live is out of the server's range.
    case invalidTTL = 102
    /// The cookie is none of the server's, or belongs to another namespace.
    case invalidCookie = 103
    /// The peer may not, or has too many registrations already.
    case notAuthorized = 200
    /// The server failed.
    case internalError = 300
    /// The server has no room.
    case unavailable = 400

    /// Reads a status; one that is not known counts as the server's failure.
    init(wire value: UInt64) { self = Self(rawValue: value) ?? .internalError }
}
