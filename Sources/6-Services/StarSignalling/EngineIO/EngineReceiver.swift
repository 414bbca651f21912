/// The layer above a connection. Used on the connection's loop only.
protocol EngineReceiver: AnyObject {
    /// The client is there and can be sent to.
    func opened()

    /// A message came.
    ///
    /// - Throws: when it is none, which ends the connection.
    func received(_ message: EnginePacket) throws(StarSignallingError)

    /// The connection has ended. Called once.
    func closed()
}
