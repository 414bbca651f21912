import ArgumentParser
import LibP2PIdentity
import Multiformats

/// Keys of a DHT as people write them.
enum LookupKey {
    /// A peer id.
    static func peer(_ text: String) throws -> PeerID {
        do {
            return try PeerID(text)
        } catch {
            throw ValidationError("\(error)")
        }
    }

    /// A CID; the DHT knows content by its multihash alone.
    static func content(_ text: String) throws -> [UInt8] {
        do {
            return try CID(text).multihash.bytes
        } catch {
            throw ValidationError("\(error)")
        }
    }

    /// The bytes of a peer id or of a CID's multihash, else of the text itself.
    static func any(_ text: String) throws -> [UInt8] {
        if let peer = try? PeerID(text) { return peer.bytes }
        if let cid = try? CID(text) { return cid.multihash.bytes }
        return Array(text.utf8)
    }

    /// A record's key. In the namespaces `pk` and `ipns` the name is a peer id, whose bytes are the key.
    static func record(_ text: String) throws -> [UInt8] {
        let parts = text.split(separator: "/", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0].isEmpty, !parts[1].isEmpty, !parts[2].isEmpty else {
            throw ValidationError("a key is /NAMESPACE/NAME, as /pk/12D3KooW…")
        }
        guard ["pk", "ipns"].contains(parts[1]) else { return Array(text.utf8) }
        return try Array("/\(parts[1])/".utf8) + peer(String(parts[2])).bytes
    }
}
