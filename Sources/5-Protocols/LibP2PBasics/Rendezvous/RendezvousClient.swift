public import LibP2PCore
public import LibP2PIdentity
public import Multiformats

/// Speaks to rendezvous points: registers this node, and finds others.
///
/// ```swift
/// let client = RendezvousClient(network: host)
/// let life = try await client.register(in: "my-app", at: point)
/// let page = try await client.discover("my-app", at: point)
/// ```
/// A registration must be renewed before it ends. Each call opens a stream of its own.
public struct RendezvousClient: Sendable {
    /// A peer that was found.
    public struct Found: Sendable, Hashable {
        /// The namespace it is registered in.
        public var namespace: String
        /// Who and where, as the peer itself signed it.
        public var record: PeerRecord
        /// How long the registration lives on.
        public var timeToLive: Duration
    }

    /// A part of those who are registered.
    public struct Page: Sendable, Hashable {
        /// Those of them whose signed records are valid.
        public var found: [Found]
        /// To be given to the next call, which then returns only what is newer.
        public var cookie: [UInt8]?
    }

    private let network: any Network
    private let timeout: Duration
    private let records: OwnRecords

    /// Makes a client.
    ///
    /// - Parameter timeout: how long one request may take.
    public init(network: any Network, timeout: Duration = .seconds(30)) {
        self.network = network
        self.timeout = timeout
        records = OwnRecords(identity: network.identity, clock: network.clock)
    }

    /// Registers this node with its announced addresses, or renews its registration.
    ///
    /// - Parameters:
    ///   - namespace: 1 to 255 bytes of UTF-8.
    ///   - timeToLive: how long to be registered; nil to leave it to the server, which then takes 2 hours.
    ///   - point: the server.
    ///   - addresses: where the server is, if it is not known.
    /// - Returns: how long the registration lives.
    /// - Throws: ``RendezvousError`` when the server refuses, or `NetworkError`.
    @discardableResult
    public func register(
        in namespace: String, for timeToLive: Duration? = nil, at point: PeerID, addresses: [Multiaddr] = []
    ) async throws -> Duration {
        guard let record = records.envelope(for: network.addresses, to: .everybody) else {
            throw NetworkError(.misuse, "The node's key can't sign, so it can't register.")
        }
        let entry = RendezvousMessage.Entry(
            namespace: namespace, record: record, ttl: timeToLive.map { UInt64(clamping: $0.components.seconds) })
        let answer = try await ask(.register(entry), point, addresses)
        guard case .registerResponse(let response) = answer else { throw Self.wrongAnswer }
        guard response.status == .ok else { throw RendezvousError(response.status, response.text ?? "no reason given") }
        return .seconds(Int64(clamping: response.ttl ?? 0))
    }

    /// Takes a registration back. There is no answer: that it arrived shows only in what others find.
    ///
    /// - Throws: `NetworkError`.
    public func unregister(from namespace: String, at point: PeerID, addresses: [Multiaddr] = []) async throws {
        let connection = try await network.connect(to: point, at: addresses)
        try await connection.withStream([RendezvousService.protocolID], timeout: timeout) { stream in
            try await stream.write(message: RendezvousMessage.unregister(namespace: namespace))
        }
    }

    /// Asks who is registered.
    ///
    /// - Parameters:
    ///   - namespace: where; nil for all namespaces.
    ///   - limit: the most registrations wanted.
    ///   - cookie: of an earlier page of the same namespace.
    /// - Throws: ``RendezvousError`` when the server refuses, or `NetworkError`.
    public func discover(
        _ namespace: String? = nil, limit: Int? = nil, after cookie: [UInt8]? = nil, at point: PeerID,
        addresses: [Multiaddr] = []
    ) async throws -> Page {
        let discover = RendezvousMessage.Discover(
            namespace: namespace, limit: limit.map(Int64.init), cookie: cookie)
        let answer = try await ask(.discover(discover), point, addresses)
        guard case .discoverResponse(let response) = answer else { throw Self.wrongAnswer }
        guard response.status == .ok else { throw RendezvousError(response.status, response.text ?? "no reason given") }
        let found = response.entries.compactMap { entry -> Found? in
            guard let record = try? PeerRecord(opening: entry.record) else { return nil }
            return Found(
                namespace: entry.namespace, record: record, timeToLive: .seconds(Int64(clamping: entry.ttl ?? 0)))
        }
        return Page(found: found, cookie: response.cookie)
    }

    private func ask(
        _ request: RendezvousMessage, _ point: PeerID, _ addresses: [Multiaddr]
    ) async throws -> RendezvousMessage? {
        let connection = try await network.connect(to: point, at: addresses)
        return try await connection.withStream([RendezvousService.protocolID], timeout: timeout) { stream in
            try await stream.write(message: request)
            return try await stream.message(RendezvousMessage.self, max: RendezvousMessage.maxLength)
        }
    }

    private static let wrongAnswer = NetworkError(.malformed, "The rendezvous server gave no answer to the request.")
}
