/// What kind of value a protocol has: how long it is, what its text looks like, and what is refused.
enum MultiaddrValueForm: Hashable, Sendable {
    /// No value.
    case none
    /// An IPv4 address.
    case ip4
    /// An IPv6 address.
    case ip6
    /// A 16-bit port.
    case port
    /// The length of an IP prefix, one byte.
    case prefixLength
    /// A 64-bit number.
    case number
    /// A host or zone name: UTF-8 without `/` and control characters.
    case name
    /// A file's absolute path, which takes the whole rest of the address.
    case path
    /// A path of HTTP, percent-encoded in text.
    case httpPath
    /// A peer id.
    case peer
    /// The hash of a certificate.
    case certhash
    /// A Tor service: key and port.
    case onion(keyLength: Int)
    /// An I2P destination in full.
    case garlic64
    /// An I2P destination's hash.
    case garlic32

    /// How the value's length stands in the binary form.
    enum Length {
        case fixed(Int)
        /// A varint in front of the value.
        case prefixed
    }

    var length: Length {
        switch self {
        case .none: .fixed(0)
        case .ip4: .fixed(4)
        case .ip6: .fixed(16)
        case .port: .fixed(2)
        case .prefixLength: .fixed(1)
        case .number: .fixed(8)
        case .onion(let keyLength): .fixed(keyLength + 2)
        case .name, .path, .httpPath, .peer, .certhash, .garlic64, .garlic32: .prefixed
        }
    }
}

// Checking bytes.
extension MultiaddrValueForm {
    /// Says what is wrong with a value of the right fixed length; nil when it is valid.
    func defect(in value: ArraySlice<UInt8>) -> String? {
        switch self {
        case .none, .ip4, .ip6, .port, .prefixLength, .number:
            return nil
        case .name:
            return value.isEmpty ? "the name is empty" : Self.defect(inText: value, allowsSlash: false)
        case .path:
            guard value.first == UInt8(ascii: "/"), value.count > 1, value.last != UInt8(ascii: "/") else {
                return "a path must start with / and name a file"
            }
            return Self.defect(inText: value, allowsSlash: true)
        case .httpPath:
            return value.isEmpty ? "the path is empty" : nil
        case .peer:
            return Self.defect(inPeer: value)
        case .certhash:
            do {
                _ = try Multihash(bytes: Array(value))
                return nil
            } catch {
                return error.message
            }
        case .onion:
            return value.suffix(2).allSatisfy { $0 == 0 } ? "the port of an onion service must not be 0" : nil
        case .garlic64:
            // An I2P destination: two keys of 384 bytes together and a certificate of at least three.
            return value.count >= 387 ? nil : "an I2P destination has at least 387 bytes, not \(value.count)"
        case .garlic32:
            // A SHA-256, or an encrypted lease set's key with flags and checksum.
            return value.count == 32 || value.count >= 35
                ? nil : "an I2P hash has 32 or at least 35 bytes, not \(value.count)"
        }
    }

    private static func defect(inText value: ArraySlice<UInt8>, allowsSlash: Bool) -> String? {
        guard String(validating: value, as: UTF8.self) != nil else { return "the value is not UTF-8" }
        guard value.allSatisfy({ $0 >= 0x20 && $0 != 0x7f }) else { return "the value holds control characters" }
        return allowsSlash || !value.contains(UInt8(ascii: "/")) ? nil : "the value holds a /"
    }

    /// Peer ids are a SHA2-256 or, for short keys, the key itself (peer-ids.md).
    private static func defect(inPeer value: ArraySlice<UInt8>) -> String? {
        do {
            let multihash = try Multihash(bytes: Array(value))
            switch multihash.code {
            case .sha256: return multihash.digestLength == 32 ? nil : "the peer id's hash is not whole"
            case .identity: return nil
            default: return "a peer id cannot be made with hash function \(multihash.code)"
            }
        } catch {
            return error.message
        }
    }
}
