import NIOCore
public import Wire

/// What a peer tells of itself, as it stands on the wire.
///
/// Spec: libp2p/specs identify, and field 8 from go-libp2p. Absent fields mean "not told" in identify and "unchanged" in
/// identify push; an empty list can't be told from an absent one.
public struct IdentifyMessage: ProtobufMessage, Equatable {
    /// The peer's key in protobuf form.
    public var publicKey: [UInt8]?
    /// Multiaddrs in binary form.
    public var listenAddresses: [[UInt8]] = []
    /// Protocols that the peer answers.
    public var protocols: [String] = []
    /// Where the peer sees the other side: a multiaddr in binary form.
    public var observedAddress: [UInt8]?
    /// The network, such as `ipfs/0.1.0`.
    public var protocolVersion: String?
    /// The program, such as `go-libp2p/0.32.1`.
    public var agentVersion: String?
    /// An envelope with a peer record.
    public var signedPeerRecord: [UInt8]?

    /// The longest message that is read, in bytes, as go-libp2p and js-libp2p have it.
    public static let maxLength = 8 * 1024
    /// How many messages make up one identification at most.
    public static let maxMessages = 10
    /// From this size on the signed record goes into a message of its own: rust-libp2p reads at most 4 KiB at a time, and
    /// go-libp2p splits here.
    static let splitLength = 2 * 1024
    /// How many addresses are read, as in go-libp2p; the rest is left out.
    static let maxAddresses = 500
    /// How many protocols are read, as in go-libp2p; the rest is left out.
    static let maxProtocols = 1024

    /// Makes an empty message.
    public init() {}

    /// Reads a message.
    public init(from reader: inout ProtobufReader) throws {
        while let field = try reader.nextField() {
            switch field.number {
            case 1: publicKey = try field.byteArray()
            case 2 where listenAddresses.count < Self.maxAddresses: listenAddresses.append(try field.byteArray())
            case 3 where protocols.count < Self.maxProtocols: protocols.append(try field.string())
            case 4: observedAddress = try field.byteArray()
            case 5: protocolVersion = try field.string()
            case 6: agentVersion = try field.string()
            case 8: signedPeerRecord = try field.byteArray()
            default: break
            }
        }
    }

    /// Writes the message.
    public func write(to writer: inout ProtobufWriter) {
        if let publicKey { writer.bytes(1, publicKey) }
        for address in listenAddresses { writer.bytes(2, address) }
        for name in protocols { writer.string(3, name) }
        if let observedAddress { writer.bytes(4, observedAddress) }
        if let protocolVersion { writer.string(5, protocolVersion) }
        if let agentVersion { writer.string(6, agentVersion) }
        if let signedPeerRecord { writer.bytes(8, signedPeerRecord) }
    }

    /// Takes over what a further message of the same identification tells: lists grow, single values are replaced.
    public mutating func merge(_ next: IdentifyMessage) {
        publicKey = next.publicKey ?? publicKey
        listenAddresses += next.listenAddresses.prefix(Self.maxAddresses - listenAddresses.count)
        protocols += next.protocols.prefix(Self.maxProtocols - protocols.count)
        observedAddress = next.observedAddress ?? observedAddress
        protocolVersion = next.protocolVersion ?? protocolVersion
        agentVersion = next.agentVersion ?? agentVersion
        signedPeerRecord = next.signedPeerRecord ?? signedPeerRecord
    }

    /// The messages to send: one, or a second with the signed record when one would be too long for some readers.
    public var parts: [IdentifyMessage] {
        guard let signedPeerRecord, serialized().readableBytes > Self.splitLength else { return [self] }
        var first = self
        first.signedPeerRecord = nil
        var second = IdentifyMessage()
        second.signedPeerRecord = signedPeerRecord
        return [first, second]
    }
}
