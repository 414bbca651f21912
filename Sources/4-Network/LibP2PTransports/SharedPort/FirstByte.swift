/// What a connection begins with. One byte tells: no two protocols of a shared port begin with the same.
package enum FirstByte: String, Sendable, CaseIterable {
    /// The length of multistream-select's header, `/multistream/1.0.0` and a line feed.
    case libp2p
    /// The type of a TLS record with a handshake (RFC 8446, section 5.1).
    case tls
    /// A capital letter: all methods of HTTP are made of them.
    case http
    /// None of these.
    case unknown

    /// What a byte is the first of.
    package init(_ byte: UInt8) {
        self =
            switch byte {
            case 19: .libp2p
            case 22: .tls
            case 0x41...0x5A: .http
            default: .unknown
            }
    }
}
