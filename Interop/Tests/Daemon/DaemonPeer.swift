/// A peer as the daemon describes it: id and addresses in binary.
struct DaemonPeer: Equatable {
    let id: [UInt8]
    let addresses: [[UInt8]]

    init(_ fields: [DaemonField]) throws {
        guard let id = fields.bytes(1) else { throw InteropError("a peer without id") }
        self.id = id
        addresses = fields.allBytes(2)
    }
}
