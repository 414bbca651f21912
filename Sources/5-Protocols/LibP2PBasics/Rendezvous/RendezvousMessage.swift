/// Messages of the rendezvous protocol.
///
/// Spec: libp2p/specs rendezvous.
enum RendezvousMessage: Equatable, Sendable {
    /// Keep me in a namespace.
    case register(Entry)
    /// What came of it.
    case registerResponse(RegisterResponse)
    /// Forget me in a namespace; never answered.
    case unregister(namespace: String)
    /// Who is in a namespace?
    case discover(Discover)
    /// Those who are.
    case discoverResponse(DiscoverResponse)
    /// Anything else.
    case other

    /// A registration on the wire, in requests and in answers.
    struct Entry: Equatable, Sendable {
        var namespace = ""
        /// The envelope of a signed peer record; empty when it is missing.
        var record: [UInt8] = []
        /// Seconds; nil where the sender leaves it to the server.
        var ttl: UInt64?
    }

    struct RegisterResponse: Equatable, Sendable {
        var status = RendezvousStatus.ok
        var text: String?
        /// Seconds that the registration will be kept.
        var ttl: UInt64?
    }

    struct Discover: Equatable, Sendable {
        /// Nil or empty for all namespaces.
        var namespace: String?
        /// The most registrations wanted; nil, 0 and negative numbers leave it to the server.
        var limit: Int64?
        /// Where an earlier answer ended.
        var cookie: [UInt8]?
    }

    struct DiscoverResponse: Equatable, Sendable {
        var entries: [Entry] = []
        var cookie: [UInt8]?
        var status = RendezvousStatus.ok
        var text: String?
    }

    /// The longest message that is read or written, in bytes, as in rust-libp2p.
    static let maxLength = 1 << 20
    /// How many registrations of an answer are read.
    static let maxEntries = 1_000
}
