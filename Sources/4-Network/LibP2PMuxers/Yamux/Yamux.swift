public import LibP2PCore
public import NIOCore

/// The yamux stream muxer (libp2p/specs, yamux/README.md).
public struct Yamux: MuxerProtocol {
    /// Its multistream-select id.
    public let protocolID: ProtocolID = "/yamux/1.0.0"
    /// The limits of each session.
    public let settings: YamuxSettings
    /// The waits of each session.
    public let timing: MuxerTiming

    /// Describes the muxer.
    public init(settings: YamuxSettings = YamuxSettings(), timing: MuxerTiming = MuxerTiming()) {
        self.settings = settings
        self.timing = timing
    }

    /// See `MuxerProtocol`.
    public func install(on channel: any Channel, role: HandshakeRole) throws -> any StreamMuxer {
        let session = YamuxSession(isInitiator: role == .dialer, settings: settings)
        let handler = YamuxHandler(session, timing: timing)
        try channel.pipeline.syncOperations.addHandler(handler)
        return handler
    }
}
