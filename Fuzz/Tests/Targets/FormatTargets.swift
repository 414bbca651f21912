import Multiformats
import NIOCore
import Wire

extension FuzzTarget {
    static let formats = [
        FuzzTarget("varint", check: varint),
        FuzzTarget("multibase", check: multibase),
        FuzzTarget("cid", check: cid),
        FuzzTarget("ip-address", check: ipAddress),
    ]

    /// Both readers agree, and what they read is written in the same way.
    private static func varint(_ input: [UInt8]) throws -> Bool {
        var buffer = ByteBuffer(bytes: input)
        let streamed = try? buffer.getVarint(at: buffer.readerIndex)
        if let read = try? Varint.decode(input) {
            try requireEqual(Varint.encode(read.value), Array(input.prefix(read.length)), "varints are minimal")
            try requireEqual(Varint.length(of: read.value), read.length, "the length of a varint")
            try requireEqual(streamed?.value, read.value, "both readers of varints")
            try requireEqual(streamed?.length, read.length, "both readers of varints")
        } else {
            try require(streamed == nil, "a varint that one reader refuses is refused by the other")
        }
        let before = buffer
        let body = (try? buffer.readDelimited(max: 1000)) ?? nil
        try require((body?.readableBytes ?? 0) <= 1000, "frames stay below their limit")
        if body == nil { try requireEqual(buffer, before, "an unread frame consumes nothing") }
        return streamed != nil
    }

    private static func multibase(_ input: [UInt8]) throws -> Bool {
        let text = String(decoding: input, as: UTF8.self)
        let decoded = try? Multibase.decode(text)
        if let (base, bytes) = decoded {
            try require(bytes.count <= text.utf8.count, "\(base) makes no bytes out of nothing")
            let again = try Multibase.decode(base.encode(bytes))
            try requireEqual(again.0, base, "the base of an encoded text")
            try requireEqual(again.1, bytes, "bytes through \(base)")
        }
        for base in Multibase.allCases {
            let bytes = Array(input.prefix(48))
            try requireEqual(try base.decodeBody(base.encodeBody(bytes)), bytes, "bytes through \(base)")
        }
        return decoded != nil
    }

    private static func cid(_ input: [UInt8]) throws -> Bool {
        let read = [try? CID(bytes: input), try? CID(String(decoding: input, as: UTF8.self))].compactMap(\.self)
        for cid in read {
            try requireEqual(try CID(bytes: cid.bytes), cid, "a CID through its bytes")
            try requireEqual(try CID(cid.description), cid, "a CID through its text")
            try require(cid.multihash.digest.count <= Multihash.maxDigestLength, "digests stay below their limit")
        }
        if let hash = try? Multihash(bytes: input) {
            try requireEqual(hash.bytes, input, "a multihash keeps its bytes")
            try requireEqual(try Multihash(code: hash.code, digest: hash.digest), hash, "a multihash from its parts")
        }
        return !read.isEmpty
    }

    private static func ipAddress(_ input: [UInt8]) throws -> Bool {
        let text = String(decoding: input, as: UTF8.self)
        let prefix = IPPrefix(text)
        for address in [IPAddress(text), IPAddress(bytes: input), prefix?.address].compactMap(\.self) {
            try requireEqual(IPAddress(address.description), address, "an IP address through its text")
            try requireEqual(IPAddress(bytes: address.bytes), address, "an IP address through its bytes")
            try require(IPPrefix(address, length: address.bitWidth / 2).contains(address), "a block holds its origin")
        }
        if let prefix { try requireEqual(IPPrefix(prefix.description), prefix, "a block through its text") }
        return prefix != nil
    }
}
