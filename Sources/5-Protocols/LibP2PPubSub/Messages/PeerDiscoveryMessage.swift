public import LibP2PIdentity
public import Multiformats
import NIOCore
import Wire

/// What js-libp2p's peer discovery over pubsub broadcasts: a peer's key and addresses.
///
/// Its field numbers changed in 2022: versions 1 to 6 of the module numbered them 0 and 1, with a field 0 that protobuf
/// forbids, later ones 1 and 2. Neither side reads the other's form, so a payload in the old form must never be sent on
/// in the new one; and a hub that only sends messages on needs none of this.
public struct PeerDiscoveryMessage: Sendable, Hashable {
    /// The two ways to number the fields.
    public enum Form: Sendable, Hashable, CaseIterable {
        /// Key 0, addresses 1: April 2020 to October 2022.
        case before2022
        /// Key 1, addresses 2.
        case current
    }

    /// The topic that the module uses unless told otherwise.
    public static let topic = "_peer-discovery._p2p._pubsub"

    /// The longest payload that is read, in bytes.
    public static let maxLength = 16 * 1024
    /// How many addresses are read; the rest is left out.
    public static let maxAddresses = 64

    /// The form that it came in, or is to be written in.
    public var form: Form
    /// Whose addresses they are.
    public var publicKey: PublicKey
    /// The addresses that this node understands.
    public var addresses: [Multiaddr]

    /// Describes a peer.
    public init(publicKey: PublicKey, addresses: [Multiaddr], form: Form = .current) {
        self.publicKey = publicKey
        self.addresses = addresses
        self.form = form
    }

    /// Reads a payload of either form.
    ///
    /// - Throws: ``PubSubError`` with code ``PubSubError/Code/invalidPeerDiscovery``.
    public init(payload: [UInt8]) throws(PubSubError) {
        guard payload.count <= Self.maxLength else {
            throw PubSubError(.invalidPeerDiscovery, "a payload of \(payload.count) bytes is over \(Self.maxLength)")
        }
        do {
            // The key comes first in both, with the tag of field 0 or 1 and wire type 2.
            form = payload.first == 0x02 ? .before2022 : .current
            var reader = ProtobufReader(ByteBuffer(bytes: payload), acceptsFieldZero: form == .before2022)
            var key: PublicKey?
            addresses = []
            while let field = try reader.nextField() {
                switch field.number - form.firstField {
                case 0: key = try PublicKey(protobuf: try field.bytes())
                case 1 where addresses.count < Self.maxAddresses:
                    if let address = try? Multiaddr(bytes: try field.byteArray()) { addresses.append(address) }
                default: break
                }
            }
            guard let key else { throw PubSubError(.invalidPeerDiscovery, "the payload holds no key") }
            publicKey = key
        } catch let error as PubSubError {
            throw error
        } catch {
            throw PubSubError(.invalidPeerDiscovery, "\(payload.count) bytes are no peer discovery", cause: error)
        }
    }

    /// The payload in its form.
    public var payload: [UInt8] {
        var writer = ProtobufWriter()
        writer.bytes(form.firstField, publicKey.protobuf)
        for address in addresses { writer.bytes(form.firstField + 1, address.bytes) }
        return writer.finish().withUnsafeReadableBytes { [UInt8]($0) }
    }
}

extension PeerDiscoveryMessage.Form {
    fileprivate var firstField: Int { self == .before2022 ? 0 : 1 }
}
