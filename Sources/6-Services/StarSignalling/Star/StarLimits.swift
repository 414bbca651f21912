/// What clients of the star may take. In all numbers 0 means unlimited.
public struct StarLimits: Sendable, Hashable {
    /// Peers that are joined here.
    public var peers = 16_384
    /// Sockets of one IP address (one /64 for IPv6): of an office or a carrier's NAT, say.
    public var socketsPerIP = StarAddressLimit(256)
    /// Joins a second from one IP address, over time. Ten times as many may come at once, as they do when a network of
    /// clients reconnects.
    public var joinsPerIP = StarAddressLimit(16)
    /// Events a second on one socket, over time.
    public var eventsPerSecond = 500
    /// Events that may come at once on one socket after a pause.
    public var eventBurst = 2_000
    /// An event counts once more for each of so many bytes that it has: large ones are rare, and dear to their receivers.
    public var bytesPerEvent = 16_384

    /// The defaults.
    public init() {}
}

/// A number that one IP address may have. 0 is unlimited.
public struct StarAddressLimit: Sendable, Hashable {
    /// The number.
    public var count: Int
    /// Whether it holds for all addresses: what an operator sets explicitly does. A default spares those that a lab's are.
    public var isExplicit: Bool

    /// Declares a number.
    public init(_ count: Int, isExplicit: Bool = false) {
        self.count = count
        self.isExplicit = isExplicit
    }

    /// Whether it holds for an address at all.
    func binds(isSpared: Bool) -> Bool { count > 0 && (isExplicit || !isSpared) }
}
