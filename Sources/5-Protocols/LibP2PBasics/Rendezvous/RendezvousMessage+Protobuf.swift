import Wire

extension RendezvousMessage: ProtobufMessage {
    init(from reader: inout ProtobufReader) throws {
        var type: UInt64 = 0
        var register: Entry?
        var registerResponse: RegisterResponse?
        var unregister: Namespace?
        var discover: Discover?
        var discoverResponse: DiscoverResponse?
        while let field = try reader.nextField() {
            switch field.number {
            case 1: type = try field.varint()
            case 2: register = try field.message()
            case 3: registerResponse = try field.message()
            case 4: unregister = try field.message()
            case 5: discover = try field.message()
            case 6: discoverResponse = try field.message()
            default: break
            }
        }
        // A body of which nothing is set may be left out altogether.
        switch type {
        case 0: self = .register(register ?? Entry())
        case 1: self = .registerResponse(registerResponse ?? RegisterResponse())
        case 2: self = .unregister(namespace: unregister?.name ?? "")
        case 3: self = .discover(discover ?? Discover())
        case 4: self = .discoverResponse(discoverResponse ?? DiscoverResponse())
        default: self = .other
        }
    }

    func write(to writer: inout ProtobufWriter) {
        switch self {
        case .register(let entry):
            writer.varint(1, 0)
            writer.message(2, entry)
        case .registerResponse(let response):
            writer.varint(1, 1)
            writer.message(3, response)
        case .unregister(let namespace):
            writer.varint(1, 2)
            writer.message(4, Namespace(name: namespace))
        case .discover(let discover):
            writer.varint(1, 3)
            writer.message(5, discover)
        case .discoverResponse(let response):
            writer.varint(1, 4)
            writer.message(6, response)
        case .other: writer.varint(1, 5)
        }
    }

    private struct Namespace: ProtobufMessage {
        var name = ""

        init(name: String) { self.name = name }

        init(from reader: inout ProtobufReader) throws {
            while let field = try reader.nextField() {
                if field.number == 1 { name = try field.string() }
            }
        }

        func write(to writer: inout ProtobufWriter) { writer.string(1, name) }
    }
}

extension RendezvousMessage.Entry: ProtobufMessage {
    init(from reader: inout ProtobufReader) throws {
        while let field = try reader.nextField() {
            switch field.number {
            case 1: namespace = try field.string()
            case 2: record = try field.byteArray()
            case 3: ttl = try field.varint()
            default: break
            }
        }
    }

    func write(to writer: inout ProtobufWriter) {
        writer.string(1, namespace)
        if !record.isEmpty { writer.bytes(2, record) }
        if let ttl { writer.varint(3, ttl) }
    }
}

extension RendezvousMessage.RegisterResponse: ProtobufMessage {
    init(from reader: inout ProtobufReader) throws {
        while let field = try reader.nextField() {
            switch field.number {
            case 1: status = RendezvousStatus(wire: try field.varint())
            case 2: text = try field.string()
            case 3: ttl = try field.varint()
            default: break
            }
        }
    }

    func write(to writer: inout ProtobufWriter) {
        writer.varint(1, status.rawValue)
        if let text { writer.string(2, text) }
        if let ttl { writer.varint(3, ttl) }
    }
}

extension RendezvousMessage.Discover: ProtobufMessage {
    init(from reader: inout ProtobufReader) throws {
        while let field = try reader.nextField() {
            switch field.number {
            case 1: namespace = try field.string()
            case 2: limit = Int64(bitPattern: try field.varint())
            case 3: cookie = try field.byteArray()
            default: break
            }
        }
    }

    func write(to writer: inout ProtobufWriter) {
        if let namespace { writer.string(1, namespace) }
        if let limit { writer.varint(2, UInt64(bitPattern: limit)) }
        if let cookie { writer.bytes(3, cookie) }
    }
}

extension RendezvousMessage.DiscoverResponse: ProtobufMessage {
    init(from reader: inout ProtobufReader) throws {
        while let field = try reader.nextField() {
            switch field.number {
            case 1 where entries.count < RendezvousMessage.maxEntries: entries.append(try field.message())
            case 2: cookie = try field.byteArray()
            case 3: status = RendezvousStatus(wire: try field.varint())
            case 4: text = try field.string()
            default: break
            }
        }
    }

    func write(to writer: inout ProtobufWriter) {
        for entry in entries { writer.message(1, entry) }
        if let cookie { writer.bytes(2, cookie) }
        writer.varint(3, status.rawValue)
        if let text { writer.string(4, text) }
    }
}
