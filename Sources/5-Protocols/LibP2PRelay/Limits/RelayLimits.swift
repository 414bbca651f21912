/// What the relay gives away. In all numbers 0 means unlimited.
public struct RelayLimits: Sendable, Hashable {
    /// Reservations in all.
    public var reservations = 1024
    /// Reservations of peers at one IP address (one /64 for IPv6).
    public var reservationsPerIP = AddressLimit(8)
    /// Reservations of peers in one prefix: IPv4 /24, IPv6 /56. Eight addresses' worth: who owns a whole prefix is still
    /// one customer.
    public var reservationsPerSubnet = AddressLimit(64)
    /// How long a reservation lasts unless it is renewed. go-libp2p grants an hour too.
    public var reservationLifetime: Duration = .seconds(3600)

    /// Circuits in all, of both versions.
    public var circuits = 1024
    /// Circuits that one peer may be part of, as source or as destination.
    public var circuitsPerPeer = 16
    /// Circuits whose sources have one IP address (one /64 for IPv6).
    public var circuitsPerIP = AddressLimit(0)
    /// Circuits whose sources are in one prefix: IPv4 /24, IPv6 /56.
    public var circuitsPerSubnet = AddressLimit(0)

    /// What each circuit may carry.
    public var circuit = CircuitBounds()
    /// What each circuit of version 1 may carry, whose protocol cannot tell the peers; nil for ``circuit``.
    public var version1Circuit: CircuitBounds?

    /// The defaults.
    public init() {}
}

/// What a circuit may carry. In all of them 0 means unlimited.
public struct CircuitBounds: Sendable, Hashable {
    /// How long it may live.
    public var duration: Duration
    /// Bytes in each direction.
    public var bytes: UInt64
    /// Bytes a second in each direction, over time.
    public var bytesPerSecond: Int
    /// Bytes that may go at once after a pause, when ``bytesPerSecond`` is set; at least a tenth of a second's worth.
    public var burst: Int

    /// Declares bounds; the defaults are those of go-libp2p and js-libp2p.
    public init(
        duration: Duration = .seconds(120), bytes: UInt64 = 131_072, bytesPerSecond: Int = 0, burst: Int = 65_536
    ) {
        self.duration = duration
        self.bytes = bytes
        self.bytesPerSecond = bytesPerSecond
        self.burst = burst
    }

    /// As the peers are told; nil when nothing binds that they know of.
    var announced: CircuitLimit? {
        let limit = CircuitLimit(
            seconds: UInt32(clamping: duration.components.seconds), bytes: bytes > 0 ? bytes : nil)
        guard limit.isLimiting else { return nil }
        return limit
    }
}

/// A number that one IP address or one prefix may have. 0 is unlimited.
public struct AddressLimit: Sendable, Hashable {
    /// The number.
    public var count: Int
    /// Whether it holds for private and loopback addresses in any case: what an operator sets explicitly does. A default
    /// spares them in a lab, where they are all one machine.
    public var isExplicit: Bool

    /// Declares a number.
    public init(_ count: Int, isExplicit: Bool = false) {
        self.count = count
        self.isExplicit = isExplicit
    }

    /// Whether one more is too many.
    func forbids(_ present: Int, isSpared: Bool) -> Bool {
        count > 0 && present >= count && (isExplicit || !isSpared)
    }
}
