import Wire

/// What a relay tells of a reservation it granted.
struct ReservationMessage: Equatable, Sendable {
    /// When it ends, in seconds since 1970-01-01 00:00 UTC.
    var expiration: UInt64
    /// The relay's addresses in binary form, each ending in `/p2p/<relay>`, without `/p2p-circuit`; not checked.
    var addresses: [[UInt8]]
    /// A signed ``ReservationVoucher``; not checked.
    var voucher: [UInt8]?

    /// How many addresses are read; a message of 4 KiB has room for fewer real ones.
    static let maxAddresses = 256

    /// Describes a reservation.
    init(expiration: UInt64, addresses: [[UInt8]] = [], voucher: [UInt8]? = nil) {
        self.expiration = expiration
        self.addresses = addresses
        self.voucher = voucher
    }
}

extension ReservationMessage: ProtobufMessage {
    init(from reader: inout ProtobufReader) throws {
        self.init(expiration: 0)
        while let field = try reader.nextField() {
            switch field.number {
            case 1: expiration = try field.varint()
            case 2:
                guard addresses.count < Self.maxAddresses else {
                    throw WireError(.tooManyElements, "a reservation has more than \(Self.maxAddresses) addresses")
                }
                addresses.append(try field.byteArray())
            case 3: voucher = try field.byteArray()
            default: break
            }
        }
    }

    func write(to writer: inout ProtobufWriter) {
        writer.varint(1, expiration)
        for address in addresses { writer.bytes(2, address) }
        if let voucher { writer.bytes(3, voucher) }
    }
}
