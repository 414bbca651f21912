import LibP2PIdentity
import NIOCore
import Wire

// The signature policy of the network, StrictSign: no message without an author, a number and a signature.
extension WireMessage {
    private static let prefix = "libp2p-pubsub:"

    /// What is signed.
    var signedBytes: [UInt8] {
        var writer = ProtobufWriter(into: ByteBuffer(string: Self.prefix))
        writeSigned(to: &writer)
        return writer.finish().withUnsafeReadableBytes { [UInt8]($0) }
    }

    /// Makes a message of this node's.
    ///
    /// The key goes with it only if the author's id does not hold it, as in go-libp2p.
    ///
    /// - Throws: `IdentityError.Code.signing`.
    static func sealed(_ data: [UInt8], topic: String, sequence: UInt64, by author: PrivateKey) throws -> WireMessage {
        var message = WireMessage()
        message.author = author.peerID.bytes
        message.data = ByteBuffer(bytes: data)
        message.sequence = withUnsafeBytes(of: sequence.bigEndian) { [UInt8]($0) }
        message.topics = [topic]
        message.signature = try author.sign(message.signedBytes)
        if author.peerID.publicKey == nil { message.key = author.publicKey.protobuf }
        return message
    }

    /// Verifies that the author wrote it.
    ///
    /// - Returns: the author.
    /// - Throws: ``PubSubError`` with code ``PubSubError/Code/invalidMessage``.
    func verifiedAuthor() throws(PubSubError) -> PeerID {
        guard let author, let signature, id != nil else {
            throw PubSubError(.invalidMessage, "a message lacks its author, number or signature")
        }
        let peer: PeerID
        let key: PublicKey?
        do {
            peer = try PeerID(bytes: author)
            // A key is sent along by programs of 2020 even if the id holds it; it must be the author's all the same.
            key = try self.key.map { try PublicKey(protobuf: $0) } ?? peer.publicKey
        } catch {
            throw PubSubError(.invalidMessage, "a message's author or key can't be read", cause: error)
        }
        guard let key, peer.matches(key) else {
            throw PubSubError(.invalidMessage, "a message of \(peer) comes without its key or with another one")
        }
        guard key.isValidSignature(signature, for: signedBytes) else {
            throw PubSubError(.invalidMessage, "the signature of a message of \(peer) is not valid")
        }
        return peer
    }
}
