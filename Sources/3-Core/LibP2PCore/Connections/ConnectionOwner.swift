/// Who a connection belongs to: the host. Called on the connection's loop; must not block.
public protocol ConnectionOwner: AnyObject, Sendable {
    /// Finds handlers for inbound streams.
    var router: any StreamRouter { get }

    /// The connection ended, and all its streams with it. Called once.
    func connectionClosed(_ connection: Connection, _ error: NetworkError)

    /// A stream was opened, in either direction, and its protocol is agreed.
    func streamOpened(_ stream: Stream)

    /// A stream ended. `error` tells why when it did not end in order.
    func streamClosed(_ stream: Stream, _ error: NetworkError?)
}

extension ConnectionOwner {
    /// Does nothing.
    public func streamOpened(_ stream: Stream) {}

    /// Does nothing.
    public func streamClosed(_ stream: Stream, _ error: NetworkError?) {}
}
