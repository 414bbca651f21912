import NIOCore

/// The encoded `closerPeers` fields of a snapshot's peers, one after another in one piece of memory.
struct EncodedEntries: Sendable {
    private let bytes: [UInt8]
    /// Entry `i` lies between `ends[i - 1]` and `ends[i]`.
    private let ends: [Int]

    /// - Parameter entries: empty for peers without an address.
    init(_ entries: [ByteBuffer]) {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(entries.reduce(0) { $0 + $1.readableBytes })
        var ends: [Int] = []
        ends.reserveCapacity(entries.count)
        for entry in entries {
            bytes.append(contentsOf: entry.readableBytesView)
            ends.append(bytes.count)
        }
        self.bytes = bytes
        self.ends = ends
    }

    /// Lends the entries' bytes.
    func withUnsafeEntries(_ body: (Entries) -> Void) {
        bytes.withUnsafeBytes { bytes in
            ends.withUnsafeBufferPointer { body(Entries(bytes: bytes, ends: $0)) }
        }
    }

    /// The entries' bytes by index, for as long as they are lent.
    struct Entries {
        fileprivate let bytes: UnsafeRawBufferPointer
        fileprivate let ends: UnsafeBufferPointer<Int>

        subscript(index: Int) -> UnsafeRawBufferPointer {
            UnsafeRawBufferPointer(rebasing: bytes[(index == 0 ? 0 : ends[index - 1])..<ends[index]])
        }
    }
}
