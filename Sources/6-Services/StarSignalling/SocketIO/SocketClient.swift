import NIOCore

/// What socket.io makes of one client's connection: protocol 4 above Engine.IO 3, protocol 5 above Engine.IO 4. There is one
/// namespace, `/`.
final class SocketClient {
    private let connection: EngineConnection
    private let service: any SocketService
    private var decoder: SocketDecoder
    private var socket: ServerSocket?
    private var connectCount = 0

    init(_ connection: EngineConnection, service: any SocketService) {
        self.connection = connection
        self.service = service
        decoder = SocketDecoder(connection.server.settings)
    }

    private func take(_ whole: SocketDecoder.Whole) throws(StarSignallingError) {
        let packet = whole.packet
        switch packet.kind {
        case .connect:
            try connect(packet)
        case .disconnect:
            guard packet.data == nil else { throw fault("a disconnect carries data") }
            guard isConnected(packet) else { throw fault("a disconnect names a namespace that is not connected") }
            leave()
            connection.expectConnect()
        case .event, .binaryEvent:
            guard isConnected(packet), let socket else {
                throw fault("an event names a namespace that is not connected")
            }
            try take(event: whole, socket)
        case .acknowledgement, .binaryAcknowledgement:
            guard isConnected(packet) else { throw fault("an answer names a namespace that is not connected") }
            // Nothing here asks for answers.
            if let data = packet.data { _ = try JSONText.elements(of: data) }
            connection.server.metrics.countIgnored(.acknowledgement)
        case .connectError:
            throw fault("a client refuses a connection that it asked for")
        }
    }

    // MARK: Connecting

    private func connect(_ packet: SocketPacket) throws(StarSignallingError) {
        if let data = packet.data, connection.revision == .four, !JSONText.isObject(data) {
            throw fault("what a client connects with is no object")
        }
        guard isDefault(packet.namespace) else { return refuse(packet.namespace) }
        guard socket == nil else {
            // Clients of protocol 4 are connected by the server, and some say so themselves as well.
            guard connection.revision == .three else { throw fault("the namespace is connected already") }
            return connection.server.metrics.countIgnored(.connect)
        }
        enter()
    }

    private func enter() {
        connectCount += 1
        guard connectCount <= connection.server.settings.maxConnects else { return connection.close(.flood) }
        guard service.admit(connection.source) else { return send(error: "Too many connections", "/") }
        let socket = ServerSocket(
            id: SocketID(connection.server.random), executor: connection.executor, source: connection.source,
            output: self)
        self.socket = socket
        connection.stopExpectingConnect()
        send(connection.revision == .four ? "40{\"sid\":\"\(socket.id)\"}" : "40")
        service.connected(socket)
    }

    private func leave() {
        guard let socket else { return }
        self.socket = nil
        socket.detach()
        service.disconnected(socket)
    }

    private func refuse(_ namespace: String) {
        connection.server.metrics.countIgnored(.namespace)
        send(error: "Invalid namespace", namespace)
    }

    /// Tells a client that it cannot connect: protocol 4 has a text for it, protocol 5 an object.
    private func send(error message: String, _ namespace: String) {
        let prefix = namespace == "/" ? "44" : "44\(namespace),"
        let text = JSONString.encode(message)
        send(connection.revision == .four ? "\(prefix){\"message\":\(text)}" : prefix + text)
    }

    /// Clients of protocol 4 append a query to a namespace.
    private func isDefault(_ namespace: String) -> Bool {
        namespace == "/" || connection.revision == .three && namespace.hasPrefix("/?")
    }

    private func isConnected(_ packet: SocketPacket) -> Bool { socket != nil && isDefault(packet.namespace) }

    // MARK: Events

    /// Names that socket.io keeps for itself: it takes an event of that name for no packet.
    private static let reservedNames: Set<String> = [
        "connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener",
    ]

    private func take(event whole: SocketDecoder.Whole, _ socket: ServerSocket) throws(StarSignallingError) {
        guard let data = whole.packet.data else { return connection.server.metrics.countIgnored(.nameless) }
        let elements = try JSONText.elements(of: data)
        guard let first = elements.texts.first?.readableBytesView.first else { throw fault("an event is empty") }
        switch first {
        case UInt8(ascii: "\""):
            guard elements.depth <= JSONText.depthLimit else { return connection.server.metrics.countIgnored(.depth) }
            guard let name = JSONString.decode(elements.texts[0]), !Self.reservedNames.contains(name) else {
                throw fault("an event's name is reserved")
            }
            let event = SocketEvent(
                name: name, arguments: Array(elements.texts.dropFirst()), text: data, attachments: whole.attachments,
                acknowledgementID: whole.packet.id)
            service.received(event, from: socket)
            if let id = event.acknowledgementID { send("43\(id)[]") }
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            connection.server.metrics.countIgnored(.nameless)
        default:
            throw fault("an event's name is no text")
        }
    }

    private func send(_ packet: String) {
        var batch = PacketBatch()
        batch.append(packet: packet)
        connection.send(batch)
    }

    private func fault(_ what: String) -> StarSignallingError {
        StarSignallingError(.malformed, "The client breaks socket.io's protocol: \(what).")
    }
}

extension SocketClient: EngineReceiver {
    func opened() {
        connection.expectConnect()
        if connection.revision == .three { enter() }
    }

    func received(_ message: EnginePacket) throws(StarSignallingError) {
        if let whole = try decoder.decode(message) { try take(whole) }
    }

    func closed() { leave() }
}

extension SocketClient: SocketOutput {
    func send(_ batch: PacketBatch) { connection.send(batch) }
    var isCongested: Bool { connection.isCongested }
    func close(_ reason: CloseReason) { connection.close(reason) }
}
