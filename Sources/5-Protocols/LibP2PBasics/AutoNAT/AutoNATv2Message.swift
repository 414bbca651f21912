import NIOCore
import Wire

/// Messages of AutoNAT version 2 on the stream of the request.
///
/// Spec: libp2p/specs autonat/autonat-v2.
enum AutoNATv2Message: Equatable {
    /// Please dial the first of these that you can, and tell the nonce there.
    case dialRequest(addresses: [[UInt8]], nonce: UInt64)
    /// What came of it.
    case dialResponse(DialResponse)
    /// First send so many bytes: the address is not where you are.
    case dialDataRequest(addressIndex: UInt64, byteCount: UInt64)
    /// Some of these bytes.
    case dialDataResponse(byteCount: Int)
    /// Anything else.
    case other

    struct DialResponse: Equatable {
        var status: Status
        var addressIndex: UInt64 = 0
        var dialStatus: DialStatus = .unused
    }

    enum Status: UInt64, Sendable {
        case internalError = 0
        case requestRejected = 100
        case dialRefused = 101
        case ok = 200
    }

    enum DialStatus: UInt64, Sendable {
        case unused = 0
        case dialError = 100
        case dialBackError = 101
        case ok = 200
    }

    /// The longest message that is read, in bytes, as in go-libp2p.
    static let maxLength = 8192
    /// How many addresses are looked at, as in go-libp2p.
    static let maxAddresses = 50
    /// The longest piece of dial data, in bytes.
    static let maxDataLength = 4096
}

extension AutoNATv2Message: ProtobufMessage {
    init(from reader: inout ProtobufReader) throws {
        self = .other
        while let field = try reader.nextField() {
            guard 1...4 ~= field.number else { continue }
            var body = ProtobufReader(try field.bytes())
            switch field.number {
            case 1: self = try Self.dialRequest(from: &body)
            case 2: self = try Self.dialResponse(from: &body)
            case 3: self = try Self.dialDataRequest(from: &body)
            default: self = try Self.dialDataResponse(from: &body)
            }
        }
    }

    private static func dialRequest(from reader: inout ProtobufReader) throws -> Self {
        var addresses: [[UInt8]] = []
        var nonce: UInt64 = 0
        while let field = try reader.nextField() {
            switch field.number {
            case 1 where addresses.count < maxAddresses: addresses.append(try field.byteArray())
            case 2: nonce = try field.fixed64()
            default: break
            }
        }
        return .dialRequest(addresses: addresses, nonce: nonce)
    }

    private static func dialResponse(from reader: inout ProtobufReader) throws -> Self {
        var response = DialResponse(status: .internalError)
        while let field = try reader.nextField() {
            switch field.number {
            case 1: response.status = Status(rawValue: try field.varint()) ?? .internalError
            case 2: response.addressIndex = try field.varint()
            case 3: response.dialStatus = DialStatus(rawValue: try field.varint()) ?? .unused
            default: break
            }
        }
        return .dialResponse(response)
    }

    private static func dialDataRequest(from reader: inout ProtobufReader) throws -> Self {
        var index: UInt64 = 0
        var count: UInt64 = 0
        while let field = try reader.nextField() {
            switch field.number {
            case 1: index = try field.varint()
            case 2: count = try field.varint()
            default: break
            }
        }
        return .dialDataRequest(addressIndex: index, byteCount: count)
    }

    private static func dialDataResponse(from reader: inout ProtobufReader) throws -> Self {
        var count = 0
        while let field = try reader.nextField() {
            // Only the data counts, not what surrounds it.
            if field.number == 1 { count = try field.bytes().readableBytes }
        }
        return .dialDataResponse(byteCount: count)
    }

    func write(to writer: inout ProtobufWriter) {
        switch self {
        case .dialRequest(let addresses, let nonce):
            writer.message(1) { body in
                for address in addresses { body.bytes(1, address) }
                body.fixed64(2, nonce)
            }
        case .dialResponse(let response):
            writer.message(2) { body in
                body.varint(1, response.status.rawValue)
                body.varint(2, response.addressIndex)
                body.varint(3, response.dialStatus.rawValue)
            }
        case .dialDataRequest(let index, let count):
            writer.message(3) { body in
                body.varint(1, index)
                body.varint(2, count)
            }
        case .dialDataResponse(let count):
            writer.message(4) { $0.bytes(1, [UInt8](repeating: 0, count: count)) }
        case .other: break
        }
    }
}

/// What the server tells on the address that it tries.
struct DialBackMessage: ProtobufMessage, Equatable {
    var nonce: UInt64 = 0

    init(nonce: UInt64) { self.nonce = nonce }

    init(from reader: inout ProtobufReader) throws {
        while let field = try reader.nextField() {
            if field.number == 1 { nonce = try field.fixed64() }
        }
    }

    func write(to writer: inout ProtobufWriter) { writer.fixed64(1, nonce) }
}

/// The answer to a ``DialBackMessage``. Its only status is 0, and 0 is left out: the message is empty.
struct DialBackResponse: ProtobufMessage, Equatable {
    init() {}

    init(from reader: inout ProtobufReader) throws {
        while try reader.nextField() != nil {}
    }

    func write(to writer: inout ProtobufWriter) {}
}
