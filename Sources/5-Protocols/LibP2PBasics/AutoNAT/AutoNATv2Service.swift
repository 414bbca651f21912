public import LibP2PCore
import LibP2PIdentity
import Multiformats
import NIOCore
import Synchronization

/// Tells peers whether one address of theirs can be reached from outside: AutoNAT version 2, the server.
///
/// The address may be any public one. Who asks for one that it does not come from must first send more bytes than the
/// dial costs the target, so that the node is of no use to an attacker.
///
/// Spec: libp2p/specs autonat/autonat-v2.
public final class AutoNATv2Service: StreamHandler {
    /// See `StreamHandler`.
    public let protocols: [ProtocolID] = ["/libp2p/autonat/2/dial-request"]
    /// A wait, a dial and a dial-back, 18 seconds at most, pass without a byte on the stream.
    public let limits = StreamLimits(perConnection: 2, total: 64, idle: .seconds(30), lifetime: .seconds(60))

    static let dialBackProtocolID: ProtocolID = "/libp2p/autonat/2/dial-back"
    /// How long a dial may take, as in go-libp2p.
    static let dialTimeout = Duration.seconds(10)
    /// How long the dialled peer may take to confirm, as in go-libp2p.
    static let dialBackTimeout = Duration.seconds(5)
    /// How many bytes a request for a foreign address costs, as the spec has it.
    static let dialData = 30_000...100_000
    /// Pieces of dial data below this size would cost the reader more than the sender, as in go-libp2p.
    static let minDataLength = 100
    /// The longest random wait before a foreign address is dialled, in milliseconds, as in go-libp2p: it blurs floods
    /// that many servers are made to send at once.
    static let maxWait = 3_000

    private let network: any Network
    private let windows: Mutex<Windows>

    private struct Windows {
        var requests: RequestWindow
        var foreign: RequestWindow
    }

    /// Makes the handler.
    ///
    /// - Parameters:
    ///   - perMinute: requests of all peers together within a minute, as in go-libp2p.
    ///   - perPeer: requests of one peer within a minute.
    ///   - foreignPerMinute: requests for addresses that the requester does not come from.
    public init(network: any Network, perMinute: Int = 60, perPeer: Int = 12, foreignPerMinute: Int = 12) {
        self.network = network
        windows = Mutex(
            Windows(
                requests: RequestWindow(total: perMinute, perPeer: perPeer),
                foreign: RequestWindow(total: foreignPerMinute, perPeer: foreignPerMinute)))
    }

    /// See `StreamHandler`.
    public func handle(_ stream: Stream) async throws {
        let request = try await stream.message(AutoNATv2Message.self, max: AutoNATv2Message.maxLength)
        guard case .dialRequest(let named, let nonce) = request else {
            throw NetworkError(.malformed, "An AutoNAT stream must begin with a dial request.")
        }
        let response = try await answer(named, nonce, on: stream)
        try await stream.write(message: AutoNATv2Message.dialResponse(response))
    }

    private func answer(
        _ named: [[UInt8]], _ nonce: UInt64, on stream: Stream
    ) async throws -> AutoNATv2Message.DialResponse {
        let connection = stream.connection
        let peer = connection.remotePeer
        let now = connection.executor.now
        guard windows.withLock({ $0.requests.admit(peer, at: now) }) else { return .init(status: .requestRejected) }
        let candidates = AutoNATCandidates(
            observed: connection.remoteAddress, peer: peer, own: network.addresses,
            allowsPrivateAddresses: network.allowsPrivateAddresses)
        guard let (index, address, isObserved) = candidates.firstAnywhere(named) else {
            return .init(status: .dialRefused)
        }
        if !isObserved {
            guard windows.withLock({ $0.foreign.admit(peer, at: now) }) else {
                return .init(status: .requestRejected)
            }
            try await collectDialData(for: index, on: stream)
        }
        let status = await dialBack(address, of: peer, nonce)
        return .init(status: .ok, addressIndex: UInt64(index), dialStatus: status)
    }

    /// Lets the requester pay for a foreign address.
    private func collectDialData(for index: Int, on stream: Stream) async throws {
        var random = network.random.generator
        let price = Int.random(in: Self.dialData, using: &random)
        try await stream.write(
            message: AutoNATv2Message.dialDataRequest(addressIndex: UInt64(index), byteCount: UInt64(price)))
        var paid = 0
        while paid < price {
            let message = try await stream.message(AutoNATv2Message.self, max: AutoNATv2Message.maxLength)
            guard case .dialDataResponse(let count) = message, count <= AutoNATv2Message.maxDataLength,
                count >= min(Self.minDataLength, price - paid)
            else { throw NetworkError(.malformed, "A piece of dial data is missing, too small or too large.") }
            paid += count
        }
        let wait = Duration.milliseconds(Int.random(in: 0...Self.maxWait, using: &random))
        try await stream.connection.executor.sleep(for: wait)
    }

    /// Dials an address and sends the nonce there.
    ///
    /// A peer that agreed to the protocol and was sent the nonce counts as reached, whatever it answers, as in go-libp2p:
    /// it knows itself whether the nonce came. The answer is waited for only so that the end of the connection does not
    /// overtake the nonce.
    private func dialBack(_ address: Multiaddr, of peer: PeerID, _ nonce: UInt64) async -> AutoNATv2Message.DialStatus {
        await DialBack(network: network).withConnection(to: address, of: peer, within: Self.dialTimeout) { connection in
            do {
                try await connection.withStream([Self.dialBackProtocolID], timeout: Self.dialBackTimeout) { stream in
                    try await stream.write(message: DialBackMessage(nonce: nonce))
                    // Only then the end: a peer may reset the stream for it, and its agreement would be lost with that.
                    try await stream.finishNegotiation()
                    stream.closeWrite()
                    _ = try? await stream.message(DialBackResponse.self, max: AutoNATv2Message.maxLength)
                }
                return .ok
            } catch {
                return .dialBackError
            }
        } ?? .dialError
    }
}
