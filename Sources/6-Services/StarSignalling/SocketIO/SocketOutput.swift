/// Where a socket's packets go. Used on the socket's loop only.
package protocol SocketOutput: AnyObject {
    /// Sends packets, in order, soon: those of one tick leave together. A receiver that holds more unsent bytes than it
    /// may is closed instead.
    func send(_ batch: PacketBatch)

    /// Whether so many bytes wait to be sent that what can be left out should be.
    var isCongested: Bool { get }

    /// Ends the connection. Does nothing when it has ended.
    func close(_ reason: CloseReason)
}

extension SocketOutput {
    /// Nothing is known of a backlog.
    package var isCongested: Bool { false }
}
