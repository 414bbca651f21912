import Crypto

/// Content that nobody has, named by text.
enum TestContent {
    static func multihash(_ name: String) -> [UInt8] {
        [0x12, 0x20] + SHA256.hash(data: Array(name.utf8))
    }

    /// A CID of version 1 for raw bytes.
    static func cid(_ name: String) -> [UInt8] {
        [0x01, 0x55] + multihash(name)
    }
}

extension [UInt8] {
    var hexText: String {
        map { byte in
            let text = String(byte, radix: 16)
            return byte < 16 ? "0" + text : text
        }.joined()
    }
}
