import Crypto
public import LibP2PIdentity

/// A point of the Kademlia key space: SHA-256 of the binary key, read as a 256-bit big-endian number.
///
/// Peers are placed by the hash of their id's bytes, content by the hash of its multihash, values by the hash of their
/// record key (kad-dht specification, "XOR distance"). Held as four words, so that distances are a handful of
/// instructions: a busy server compares some hundred thousand of them each second.
public struct KademliaKey: Hashable, Sendable {
    /// The number of bits of a key.
    public static let bitCount = 256

    private let first: UInt64
    private let second: UInt64
    private let third: UInt64
    private let fourth: UInt64

    private init(_ first: UInt64, _ second: UInt64, _ third: UInt64, _ fourth: UInt64) {
        self.first = first
        self.second = second
        self.third = third
        self.fourth = fourth
    }

    /// The key of a binary name: its SHA-256.
    public init(hashing name: [UInt8]) {
        self = SHA256.hash(data: name).withUnsafeBytes { digest in
            func word(_ index: Int) -> UInt64 {
                UInt64(bigEndian: digest.loadUnaligned(fromByteOffset: index * 8, as: UInt64.self))
            }
            return KademliaKey(word(0), word(1), word(2), word(3))
        }
    }

    /// The place of a peer.
    public init(_ peer: PeerID) {
        self.init(hashing: peer.bytes)
    }

    /// The XOR distance to another key.
    public func distance(to other: KademliaKey) -> KademliaKey {
        KademliaKey(first ^ other.first, second ^ other.second, third ^ other.third, fourth ^ other.fourth)
    }

    /// How many leading bits both keys share: 0 to 256.
    public func commonPrefixLength(with other: KademliaKey) -> Int {
        let distance = distance(to: other)
        if distance.first != 0 { return distance.first.leadingZeroBitCount }
        if distance.second != 0 { return 64 + distance.second.leadingZeroBitCount }
        if distance.third != 0 { return 128 + distance.third.leadingZeroBitCount }
        return 192 + distance.fourth.leadingZeroBitCount
    }

    /// The bit at a place counted from the most significant; false beyond the last.
    func bit(_ index: Int) -> Bool {
        let word =
            switch index >> 6 {
            case 0: first
            case 1: second
            case 2: third
            case 3: fourth
            default: UInt64(0)
            }
        return word >> UInt64(63 - index & 63) & 1 == 1
    }

    /// The key's 32 bytes.
    public var bytes: [UInt8] {
        [first, second, third, fourth].flatMap { word in
            (0..<8).map { UInt8(truncatingIfNeeded: word >> (56 - 8 * $0)) }
        }
    }
}

extension KademliaKey: Comparable {
    /// Orders by number; applied to distances, the nearer one is the smaller.
    public static func < (left: KademliaKey, right: KademliaKey) -> Bool {
        if left.first != right.first { return left.first < right.first }
        if left.second != right.second { return left.second < right.second }
        if left.third != right.third { return left.third < right.third }
        return left.fourth < right.fourth
    }
}
