import LibP2PCore
import NIOCore

/// The way of one byte channel to a multiplexed one: private network, security protocol, muxer. Confined to the
/// channel's loop.
struct ChannelUpgrade {
    let channel: any Channel
    let end: ConnectionEnd
    let securities: [any SecurityProtocol]
    let muxers: [any MuxerProtocol]
    let privateNetwork: (@Sendable (any Channel) throws -> Void)?
    /// Decides about the peer as soon as the handshake proved who it is.
    let checkPeer: @Sendable (SecuredPeer) throws -> Void

    /// What the way ends in.
    struct Outcome: Sendable {
        let peer: SecuredPeer
        let muxer: NIOLoopBound<any StreamMuxer>
    }

    /// Runs all steps. Each step's callbacks run on the loop before the bytes that follow it are passed on.
    func run() -> EventLoopFuture<Outcome> {
        let loop = channel.eventLoop
        do {
            try privateNetwork?(channel)
        } catch {
            return loop.makeFailedFuture(error)
        }
        let bound = NIOLoopBound(self, eventLoop: loop)
        return negotiate(securities.map(\.protocolID))
            .flatMap { bound.value.secure(with: $0) }
            .flatMapThrowing { peer in
                try bound.value.checkPeer(peer)
                return peer
            }
            .flatMap { bound.value.multiplex($0) }
    }

    private func negotiate(_ protocols: [ProtocolID]) -> EventLoopFuture<ProtocolID> {
        let promise = channel.eventLoop.makePromise(of: ProtocolID.self)
        do {
            try channel.pipeline.syncOperations.addHandler(
                NegotiationHandler(role: end.role, protocols: protocols, promise: promise))
        } catch {
            promise.fail(error)
        }
        return promise.futureResult
    }

    private func secure(with protocolID: ProtocolID) -> EventLoopFuture<SecuredPeer> {
        guard let security = securities.first(where: { $0.protocolID == protocolID }) else {
            return channel.eventLoop.makeFailedFuture(
                NetworkError(.unsupportedProtocol, "The security protocol \(protocolID) is not spoken here."))
        }
        return security.secure(
            channel, role: end.role, expecting: end.expectedPeer, muxers: muxers.map(\.protocolID))
    }

    private func multiplex(_ peer: SecuredPeer) -> EventLoopFuture<Outcome> {
        let bound = NIOLoopBound(self, eventLoop: channel.eventLoop)
        let chosen = peer.muxer.map { channel.eventLoop.makeSucceededFuture($0) } ?? negotiate(muxers.map(\.protocolID))
        return chosen.flatMapThrowing { protocolID in
            let upgrade = bound.value
            guard let muxer = upgrade.muxers.first(where: { $0.protocolID == protocolID }) else {
                throw NetworkError(.unsupportedProtocol, "The muxer \(protocolID) is not spoken here.")
            }
            let installed = try muxer.install(on: upgrade.channel, role: upgrade.end.role)
            return Outcome(peer: peer, muxer: NIOLoopBound(installed, eventLoop: upgrade.channel.eventLoop))
        }
    }
}
