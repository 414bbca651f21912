import LibP2PIdentity
import Multiformats

/// What the last part of a path names, in each of the forms that clients write.
enum PathKey {
    /// Content, by a CID of any version.
    ///
    /// - Throws: ``RoutingError`` with code ``RoutingError/Code/badInput``, as the others.
    static func content(_ text: String) throws(RoutingError) -> CID {
        do {
            return try CID(text)
        } catch {
            throw RoutingError(.badInput, "\"\(text.prefix(80))\" is not a CID", cause: error)
        }
    }

    /// A peer, by base 58 or a CID. A CID of another codec counts as a key's: boxo reads it so too.
    static func peer(_ text: String) throws(RoutingError) -> PeerID {
        if let peer = try? PeerID(text) { return peer }
        guard let cid = try? CID(text), let peer = try? PeerID(bytes: cid.multihash.bytes) else {
            throw RoutingError(.badInput, "\"\(text.prefix(80))\" is not a peer id")
        }
        return peer
    }

    /// An IPNS name, by a version 1 CID of a libp2p key only.
    static func name(_ text: String) throws(RoutingError) -> PeerID {
        guard let cid = try? CID(text), let peer = try? PeerID(cid: cid) else {
            throw RoutingError(
                .invalidRecord,
                "\"\(text.prefix(80))\" is not an IPNS name; names are CIDs of libp2p keys, such as k51…")
        }
        return peer
    }

    /// A place in the DHT's key space, by a CID or a peer id: the bytes that are hashed.
    static func place(_ text: String) throws(RoutingError) -> [UInt8] {
        if let peer = try? PeerID(text) { return peer.bytes }
        guard let cid = try? CID(text) else {
            throw RoutingError(.badInput, "\"\(text.prefix(80))\" is neither a CID nor a peer id")
        }
        return cid.multihash.bytes
    }
}
