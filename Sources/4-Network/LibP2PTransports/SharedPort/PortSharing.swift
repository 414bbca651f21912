import LibP2PCore
public import NIOCore

/// Who shares the TCP ports of libp2p: connections that begin as TLS or HTTP go to others, those of libp2p go on as on a
/// port of their own.
///
/// A connection is counted and bounded from its first moment, before anything is read of it. It must say something soon, and
/// its first byte decides whose it is; then the limits of that one hold. Nothing is copied for it, and nothing stays in its
/// pipeline.
public struct PortSharing: Sendable {
    /// Takes a connection over: a channel that is active and has read nothing yet, on its loop. Handlers that are added at
    /// the pipeline's end see the first bytes. When it throws, the channel is closed.
    public typealias Taker = @Sendable (any Channel) throws -> Void

    /// How long a connection may say nothing.
    public var patience = Duration.seconds(10)

    /// The connections that have said nothing yet.
    public let silent: SilentConnections
    let takeHTTP: Taker
    let takeTLS: Taker?

    /// Shares with a server of HTTP.
    ///
    /// - Parameters:
    ///   - silent: bounds the connections that have said nothing yet.
    ///   - http: takes those that begin with a method of HTTP.
    ///   - tls: takes those that begin with a TLS handshake; nil to close them.
    public init(silent: SilentConnections, http: @escaping Taker, tls: Taker?) {
        self.silent = silent
        takeHTTP = http
        takeTLS = tls
    }

    /// Lets a new connection say whose it is, or closes it.
    ///
    /// - Parameter libp2p: takes those that begin with multistream-select.
    func install(on channel: any Channel, libp2p: @escaping (any Channel) throws -> Void) throws {
        guard let place = silent.admit(channel) else {
            throw NetworkError(.refused, "The address has too many connections that have said nothing yet.")
        }
        let handler = FirstByteHandler(place: place, patience: patience) { first in
            switch first {
            case .libp2p: libp2p
            case .http: takeHTTP
            case .tls: takeTLS
            case .unknown: nil
            }
        }
        try channel.pipeline.syncOperations.addHandler(handler)
    }
}
