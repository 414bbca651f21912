/// The versions of Engine.IO's protocol that clients in the field speak.
package enum EngineRevision: Int, Sendable {
    /// socket.io 1 and 2: the client pings, payloads count UTF-16 units.
    case three = 3
    /// socket.io 3 and 4: the server pings, payloads are separated.
    case four = 4
}
