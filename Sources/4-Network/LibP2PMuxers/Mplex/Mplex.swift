public import LibP2PCore
public import NIOCore

/// The mplex stream muxer (libp2p/specs, mplex/README.md).
public struct Mplex: MuxerProtocol {
    /// Its multistream-select id.
    public let protocolID: ProtocolID = "/mplex/6.7.0"
    /// The limits of each session.
    public let settings: MplexSettings
    /// The waits of each session.
    public let timing: MuxerTiming

    /// Describes the muxer.
    public init(settings: MplexSettings = MplexSettings(), timing: MuxerTiming = MuxerTiming()) {
        self.settings = settings
        self.timing = timing
    }

    /// See `MuxerProtocol`.
    public func install(on channel: any Channel, role: HandshakeRole) throws -> any StreamMuxer {
        let handler = MplexHandler(MplexSession(settings: settings), timing: timing)
        try channel.pipeline.syncOperations.addHandler(handler)
        return handler
    }
}
