package import NIOCore

/// What nodes of a star tell one another through Redis's channels.
///
/// A message begins with the version 1 and its kind, one byte each, and the name of the node that says it. Numbers are
/// big-endian; an address comes after its length in two bytes; a handshake's text goes to the end.
package enum ClusterMessage: Equatable, Sendable {
    /// A peer joined.
    case joined(StarAddress, JoinStamp)
    /// A peer left that had joined then or before.
    case left(StarAddress, JoinStamp)
    /// The node lives and has so many peers.
    case alive(StarNodeID, peers: UInt32)
    /// The node ends.
    case gone(StarNodeID)
    /// A handshake for a peer of the node that this is told to.
    case handshake(ForwardedHandshake, from: StarNodeID)

    /// The largest message that is read: a client's largest message, and an address.
    package static let limit = (1 << 20) + 4096

    private static let version: UInt8 = 1

    private enum Kind: UInt8 {
        case joined = 1, left, alive, gone, handshake
    }

    /// Reads a message; nil when the bytes are none.
    package init?(_ bytes: ByteBuffer) {
        var bytes = bytes
        guard bytes.readableBytes <= Self.limit, bytes.readInteger() == Self.version,
            let kind = bytes.readInteger(as: UInt8.self).flatMap(Kind.init),
            let node = bytes.readString(length: 16).flatMap({ StarNodeID($0) })
        else { return nil }
        switch kind {
        case .joined, .left:
            guard let time = bytes.readInteger(as: UInt64.self), let address = bytes.readStarAddress() else {
                return nil
            }
            let stamp = JoinStamp(time: time, node: node)
            self = kind == .joined ? .joined(address, stamp) : .left(address, stamp)
        case .alive:
            guard let peers = bytes.readInteger(as: UInt32.self) else { return nil }
            self = .alive(node, peers: peers)
        case .gone: self = .gone(node)
        case .handshake:
            guard let flags = bytes.readInteger(as: UInt8.self), flags <= 1, let target = bytes.readStarAddress(),
                Self.canBePassedOn(bytes)
            else { return nil }
            self = .handshake(ForwardedHandshake(target: target, text: bytes, isReturned: flags == 1), from: node)
            bytes.moveReaderIndex(to: bytes.writerIndex)
        }
        guard bytes.readableBytes == 0 else { return nil }
    }

    /// The message's bytes.
    package var encoded: ByteBuffer {
        var bytes = ByteBuffer()
        switch self {
        case .joined(let address, let stamp): Self.write(.joined, stamp, address, to: &bytes)
        case .left(let address, let stamp): Self.write(.left, stamp, address, to: &bytes)
        case .alive(let node, let peers):
            Self.write(.alive, node, to: &bytes)
            bytes.writeInteger(peers)
        case .gone(let node): Self.write(.gone, node, to: &bytes)
        case .handshake(let handshake, let node):
            Self.write(.handshake, node, to: &bytes)
            bytes.writeInteger(handshake.isReturned ? 1 : 0, as: UInt8.self)
            bytes.writeStarAddress(handshake.target)
            bytes.writeImmutableBuffer(handshake.text)
        }
        return bytes
    }

    private static func write(_ kind: Kind, _ node: StarNodeID, to bytes: inout ByteBuffer) {
        bytes.writeMultipleIntegers(version, kind.rawValue)
        bytes.writeString(node.description)
    }

    private static func write(_ kind: Kind, _ stamp: JoinStamp, _ address: StarAddress, to bytes: inout ByteBuffer) {
        write(kind, stamp.node, to: &bytes)
        bytes.writeInteger(stamp.time)
        bytes.writeStarAddress(address)
    }

    /// Whether a text is an object as clients may get it. Others than our nodes may write to Redis.
    private static func canBePassedOn(_ text: ByteBuffer) -> Bool {
        let bytes = text.readableBytesUInt8Span
        var scanner = JSONScanner()
        guard (try? scanner.skipValue(bytes)) == .object, scanner.isAtEnd(of: bytes) else { return false }
        return scanner.depth <= JSONText.depthLimit
    }
}

extension ByteBuffer {
    fileprivate mutating func readStarAddress() -> StarAddress? {
        guard let length = readInteger(as: UInt16.self), let bytes = readBytes(length: Int(length)) else { return nil }
        return StarAddress(bytes: bytes)
    }

    fileprivate mutating func writeStarAddress(_ address: StarAddress) {
        writeInteger(UInt16(truncatingIfNeeded: address.bytes.count))
        writeBytes(address.bytes)
    }
}
