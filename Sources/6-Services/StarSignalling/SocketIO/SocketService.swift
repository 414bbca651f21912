package import Multiformats

/// What stands behind the default namespace. Every call about a socket comes on its loop.
package protocol SocketService: Sendable {
    /// Whether a client may connect the namespace: asked just before ``connected(_:)``.
    func admit(_ source: IPAddress?) -> Bool

    /// A client is there. It can be sent to at once.
    func connected(_ socket: ServerSocket)

    /// A client sent an event. What it means is the service's business, also when it means nothing.
    func received(_ event: SocketEvent, from socket: ServerSocket)

    /// A client is gone: called once for each connected socket, which can no longer be sent to. What the service kept with
    /// the socket is still there.
    func disconnected(_ socket: ServerSocket)
}
