public import LibP2PCore

/// What a node tells the DHT of its own accord, now and again: that it provides some content, or a value that it puts.
public struct Announcement: Sendable, Hashable {
    /// What is told.
    public enum Kind: Int, Sendable, Hashable, CaseIterable {
        /// The node provides the content with a key.
        case provider = 0
        /// The key has a value, the best of those that are known.
        case value = 1
    }

    /// Names an announcement.
    public struct Reference: Sendable, Hashable {
        /// What is told.
        public let kind: Kind
        /// The content's multihash, or the value's key.
        public let key: [UInt8]

        /// A name.
        public init(_ kind: Kind, _ key: [UInt8]) {
            self.kind = kind
            self.key = key
        }
    }

    /// Which one it is.
    public let reference: Reference
    /// When the network was told last; nil when it was not told yet.
    public var told: Timestamp?

    /// An announcement.
    public init(_ reference: Reference, told: Timestamp? = nil) {
        self.reference = reference
        self.told = told
    }
}
