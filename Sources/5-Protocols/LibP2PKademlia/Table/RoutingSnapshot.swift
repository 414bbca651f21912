import LibP2PCore
public import LibP2PIdentity
public import Multiformats
import NIOCore

/// A routing table as it was at one moment, made for reading: peers sorted by key, each with its ready entry for
/// `closerPeers`.
///
/// Answering FIND_NODE from it is a walk and some copies. The XOR order of sorted keys needs no sorting: where the keys
/// of a range first differ, the half that agrees with the target comes first, the other after it.
///
/// It is a class, and its walk goes over bare memory, because counting references to arrays and buffers took longer than
/// all else in an answer.
public final class RoutingSnapshot: Sendable {
    /// A peer as the snapshot takes it. Making one encodes its entry, so keep it while nothing changes.
    public struct Peer: Sendable {
        /// Who it is.
        public let id: PeerID
        /// The addresses to tell others.
        public let addresses: [Multiaddr]
        /// Whether this node is connected to it.
        public let isConnected: Bool

        let key: KademliaKey
        let entry: ByteBuffer
        let legacyEntry: ByteBuffer

        /// A peer with the addresses to tell others.
        public init(id: PeerID, addresses: [Multiaddr], isConnected: Bool) {
            self.id = id
            self.addresses = addresses
            self.isConnected = isConnected
            key = KademliaKey(id)
            func entry(_ addresses: [Multiaddr]) -> ByteBuffer {
                var buffer = ByteBuffer()
                guard !addresses.isEmpty else { return buffer }
                KademliaMessage.writeCloserPeer(
                    .init(id: id, addresses: addresses, connection: isConnected ? .connected : .canConnect),
                    into: &buffer)
                return buffer
            }
            let legacy = AddressVocabulary.year2020.understood(of: addresses)
            self.entry = entry(addresses)
            legacyEntry = legacy.count == addresses.count ? self.entry : entry(legacy)
        }
    }

    /// No peers.
    public static let empty = RoutingSnapshot([])

    private let keys: [KademliaKey]
    private let ids: [PeerID]
    private let entries: EncodedEntries
    /// The same with the addresses clients of 2020 can read.
    private let legacyEntries: EncodedEntries

    /// Takes the peers of a table, in any order.
    public init(_ peers: [Peer]) {
        let sorted = peers.sorted { $0.key < $1.key }
        keys = sorted.map(\.key)
        ids = sorted.map(\.id)
        entries = EncodedEntries(sorted.map(\.entry))
        legacyEntries = EncodedEntries(sorted.map(\.legacyEntry))
    }

    /// The number of peers.
    public var count: Int { ids.count }

    /// Whether a peer is in it.
    public func contains(_ peer: PeerID) -> Bool {
        let key = KademliaKey(peer)
        var low = 0
        var high = keys.count
        while low < high {
            let middle = (low + high) / 2
            if keys[middle] < key { low = middle + 1 } else { high = middle }
        }
        return low < keys.count && keys[low] == key
    }

    /// The nearest peers, nearest first.
    public func nearest(_ count: Int, to target: KademliaKey) -> [PeerID] {
        var found: [PeerID] = []
        found.reserveCapacity(min(count, ids.count))
        guard count > 0 else { return [] }
        keys.withUnsafeBufferPointer { keys in
            _ = Self.visit(keys, 0, keys.count, target) { index in
                found.append(ids[index])
                return found.count < count
            }
        }
        return found
    }

    /// Appends the `closerPeers` fields of the nearest peers that have an address to tell.
    ///
    /// - Parameters:
    ///   - count: how many at most.
    ///   - excluded: the key of a peer that is left out: the one that asks.
    ///   - alsoExcluded: another one: the target, when its own entry has been written already.
    func writeNearest(
        _ count: Int, to target: KademliaKey, excluding excluded: KademliaKey, and alsoExcluded: KademliaKey?,
        vocabulary: AddressVocabulary, into buffer: inout ByteBuffer
    ) {
        guard count > 0 else { return }
        let entries = vocabulary == .current ? self.entries : legacyEntries
        var left = count
        keys.withUnsafeBufferPointer { keys in
            entries.withUnsafeEntries { entries in
                _ = Self.visit(keys, 0, keys.count, target) { index in
                    let entry = entries[index]
                    guard !entry.isEmpty, keys[index] != excluded, keys[index] != alsoExcluded else { return true }
                    buffer.writeBytes(entry)
                    left -= 1
                    return left > 0
                }
            }
        }
    }

    /// Visits the peers of a range from the nearest to the farthest until the body returns false.
    private static func visit(
        _ keys: UnsafeBufferPointer<KademliaKey>, _ low: Int, _ high: Int, _ target: KademliaKey, _ body: (Int) -> Bool
    ) -> Bool {
        guard high - low > 1 else { return low == high || body(low) }
        let bit = keys[low].commonPrefixLength(with: keys[high - 1])
        var middle = low
        var end = high
        while middle < end {
            let probe = (middle + end) / 2
            if keys[probe].bit(bit) { end = probe } else { middle = probe + 1 }
        }
        // Equal keys would be one peer listed twice: visit the first and be done, or the walk would not end.
        guard middle > low, middle < high else { return body(low) }
        if target.bit(bit) {
            return visit(keys, middle, high, target, body) && visit(keys, low, middle, target, body)
        }
        return visit(keys, low, middle, target, body) && visit(keys, middle, high, target, body)
    }
}
