/// How a relay stands at a moment, for people and dashboards: what `GET /api/relay` answers.
public struct RelaySnapshot: Sendable, Codable, Equatable {
    /// A peer's place.
    public struct Reservation: Sendable, Codable, Equatable {
        /// Who holds it.
        public var peer: String
        /// The IP address from which it was asked for last.
        public var address: String?
        /// When it ends unless it is renewed, in seconds since 1970-01-01 00:00 UTC.
        public var expires: UInt64
    }

    /// A connection of two peers.
    public struct Circuit: Sendable, Codable, Equatable {
        /// Unique while the node runs.
        public var id: UInt64
        /// The protocol's version: 1 or 2.
        public var version: Int
        /// Who asked for it.
        public var source: String
        /// Who was asked for.
        public var target: String
        /// Since when, in seconds since 1970-01-01 00:00 UTC.
        public var since: Int64
        /// Whether the target has agreed.
        public var isOpen: Bool
        /// Bytes from the source to the target so far.
        public var bytesToTarget: UInt64
        /// Bytes from the target to the source so far.
        public var bytesToSource: UInt64
    }

    /// What a peer had of the relay since it was first seen. The relay remembers a bounded number of peers.
    public struct Peer: Sendable, Codable, Equatable {
        /// Who it is.
        public var peer: String
        /// Reservations made and renewed.
        public var reservations: UInt64
        /// Circuits that it opened.
        public var circuitsAsSource: UInt64
        /// Circuits that others opened to it.
        public var circuitsAsTarget: UInt64
        /// Bytes that it sent through the relay, those of open circuits included.
        public var bytesSent: UInt64
        /// Bytes that it received through the relay, those of open circuits included.
        public var bytesReceived: UInt64
        /// Requests that were refused, by reason.
        public var refusals: [String: UInt64]
    }

    /// Whether requests are served now.
    public var isRelaying: Bool
    /// Bytes that passed in all, in both directions.
    public var bytes: UInt64
    /// The reservations, by peer.
    public var reservations: [Reservation]
    /// The circuits, older ones first.
    public var circuits: [Circuit]
    /// The accounts, by peer.
    public var peers: [Peer]
    /// Requests that were refused, by reason.
    public var refusals: [String: UInt64]
    /// Circuits that ended, by how.
    public var endings: [String: UInt64]
}
