import LibP2PIdentity
import Wire

/// Messages of AutoNAT version 1.
///
/// Spec: libp2p/specs autonat/autonat-v1.
enum AutoNATv1Message: Equatable {
    /// Please dial me. `peer` is what the requester says it is.
    case dial(peer: [UInt8]?, addresses: [[UInt8]])
    /// What came of it.
    case response(Response)
    /// Anything else.
    case other

    struct Response: Equatable {
        var status: Status
        var text: String?
        /// The address that was reached, in binary form.
        var address: [UInt8]?
    }

    enum Status: UInt64, Sendable {
        case ok = 0
        case dialError = 100
        case dialRefused = 101
        case badRequest = 200
        case internalError = 300
    }

    /// The longest message that is read, in bytes, as in go-libp2p.
    static let maxLength = 4096
    /// How many addresses are looked at, as in go-libp2p.
    static let maxAddresses = 16
}

extension AutoNATv1Message: ProtobufMessage {
    init(from reader: inout ProtobufReader) throws {
        var type: UInt64 = 0
        var dial: Dial?
        var response: Response?
        while let field = try reader.nextField() {
            switch field.number {
            case 1: type = try field.varint()
            case 2: dial = try field.message(Dial.self)
            case 3: response = try field.message(Response.self)
            default: break
            }
        }
        switch (type, dial, response) {
        case (0, let dial?, _): self = .dial(peer: dial.peer?.id, addresses: dial.peer?.addresses ?? [])
        case (1, _, let response?): self = .response(response)
        default: self = .other
        }
    }

    func write(to writer: inout ProtobufWriter) {
        switch self {
        case .dial(let peer, let addresses):
            writer.varint(1, 0)
            writer.message(2, Dial(peer: Dial.Peer(id: peer, addresses: addresses)))
        case .response(let response):
            writer.varint(1, 1)
            writer.message(3, response)
        case .other: break
        }
    }

    private struct Dial: ProtobufMessage {
        struct Peer: ProtobufMessage {
            var id: [UInt8]?
            var addresses: [[UInt8]] = []

            init(id: [UInt8]?, addresses: [[UInt8]]) {
                self.id = id
                self.addresses = addresses
            }

            init(from reader: inout ProtobufReader) throws {
                while let field = try reader.nextField() {
                    switch field.number {
                    case 1: id = try field.byteArray()
                    case 2 where addresses.count < AutoNATv1Message.maxAddresses:
                        addresses.append(try field.byteArray())
                    default: break
                    }
                }
            }

            func write(to writer: inout ProtobufWriter) {
                if let id { writer.bytes(1, id) }
                for address in addresses { writer.bytes(2, address) }
            }
        }

        var peer: Peer?

        init(peer: Peer) { self.peer = peer }

        init(from reader: inout ProtobufReader) throws {
            while let field = try reader.nextField() {
                if field.number == 1 { peer = try field.message(Peer.self) }
            }
        }

        func write(to writer: inout ProtobufWriter) {
            if let peer { writer.message(1, peer) }
        }
    }
}

extension AutoNATv1Message.Response: ProtobufMessage {
    init(from reader: inout ProtobufReader) throws {
        status = .ok
        while let field = try reader.nextField() {
            switch field.number {
            case 1: status = AutoNATv1Message.Status(rawValue: try field.varint()) ?? .internalError
            case 2: text = try field.string()
            case 3: address = try field.byteArray()
            default: break
            }
        }
    }

    func write(to writer: inout ProtobufWriter) {
        writer.varint(1, status.rawValue)
        if let text { writer.string(2, text) }
        if let address { writer.bytes(3, address) }
    }
}
