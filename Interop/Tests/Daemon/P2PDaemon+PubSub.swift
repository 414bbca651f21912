/// The daemon's publish and subscribe; it must have been started with `-pubsub`.
extension P2PDaemon {
    private enum Request: UInt64 {
        case listPeers = 1
        case publish = 2
        case subscribe = 3
    }

    /// A message that a subscription delivers.
    struct Message: Equatable {
        /// The author's peer id.
        let author: [UInt8]
        let data: [UInt8]
    }

    /// The peers that are subscribed to a topic, as far as it knows.
    func subscribers(of topic: String) async throws -> [[UInt8]] {
        let (socket, answer) = try await send(.listPeers, [.string(2, topic)])
        await socket.close()
        return try answer.message(7)?.allBytes(2) ?? []
    }

    func publish(_ data: [UInt8], to topic: String) async throws {
        try await send(.publish, [.string(2, topic), .bytes(3, data)]).socket.close()
    }

    /// Subscribes; the messages come on the connection.
    func subscribe(to topic: String) async throws -> Socket {
        try await send(.subscribe, [.string(2, topic)]).socket
    }

    /// The next message of a subscription.
    static func message(from subscription: Socket) async throws -> Message {
        let fields = try DaemonField.decode(try await subscription.readDelimited())
        return Message(author: fields.bytes(1) ?? [], data: fields.bytes(2) ?? [])
    }

    private func send(
        _ request: Request, _ fields: [DaemonField]
    ) async throws -> (socket: Socket, answer: [DaemonField]) {
        try await DaemonRequest.send(.pubsub, [.varint(1, request.rawValue)] + fields, control: control)
    }
}
