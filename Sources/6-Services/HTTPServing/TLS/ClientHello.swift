public import NIOCore

/// What a TLS client says first, as far as a server must know it to choose a certificate (RFC 8446, section 4.1.2).
public struct ClientHello: Sendable, Hashable {
    /// The host that the client wants, in lower case (RFC 6066); nil when it names none, as when it dials an IP address.
    public var serverName: String?
    /// The protocols that it offers, in its order (ALPN, RFC 7301).
    public var protocols: [String]

    /// Makes one, as tests do.
    public init(serverName: String? = nil, protocols: [String] = []) {
        self.serverName = serverName
        self.protocols = protocols
    }

    /// What the first bytes of a connection are.
    public enum Reading: Sendable, Hashable {
        /// More bytes are needed.
        case incomplete
        /// They are no TLS.
        case foreign
        /// They begin as TLS and go on otherwise, or are longer than any client's.
        case malformed
        /// They are all there.
        case complete(ClientHello)
    }

    /// The longest message that is taken, in bytes: with keys of many kinds it is below 8 KiB.
    public static let maxLength = 16 * 1024

    /// Reads the first bytes of a connection, and takes none of them.
    public static func read(_ bytes: ByteBuffer) -> Reading {
        var reader = ClientHelloReader()
        return reader.read(bytes)
    }

    /// Reads the message's body. Its parts that are not asked for are passed over unread: the TLS library checks them
    /// afterwards.
    static func parse(_ message: ByteBuffer) -> ClientHello? {
        var message = message
        // Version and random; session id; cipher suites; compression methods.
        guard message.readSlice(length: 34) != nil, message.readLengthPrefixedSlice(as: UInt8.self) != nil,
            message.readLengthPrefixedSlice(as: UInt16.self) != nil,
            message.readLengthPrefixedSlice(as: UInt8.self) != nil
        else { return nil }
        var hello = ClientHello()
        guard message.readableBytes > 0 else { return hello }
        guard var extensions = message.readLengthPrefixedSlice(as: UInt16.self) else { return nil }
        while extensions.readableBytes > 0 {
            guard let type = extensions.readInteger(as: UInt16.self),
                var content = extensions.readLengthPrefixedSlice(as: UInt16.self)
            else { return nil }
            switch type {
            case 0:
                guard let name = readServerName(&content) else { return nil }
                hello.serverName = name
            case 16:
                guard let protocols = readProtocols(&content) else { return nil }
                hello.protocols = protocols
            default: break
            }
        }
        return hello
    }

    private static func readServerName(_ content: inout ByteBuffer) -> String? {
        guard var list = content.readLengthPrefixedSlice(as: UInt16.self) else { return nil }
        while list.readableBytes > 0 {
            guard let type = list.readInteger(as: UInt8.self), let name = list.readLengthPrefixedSlice(as: UInt16.self)
            else { return nil }
            guard type == 0 else { continue }
            let bytes = name.readableBytesView
            guard (1...255).contains(bytes.count), bytes.allSatisfy({ (0x21...0x7E).contains($0) }) else { return nil }
            return String(decoding: bytes, as: UTF8.self).lowercased()
        }
        return nil
    }

    private static func readProtocols(_ content: inout ByteBuffer) -> [String]? {
        guard var list = content.readLengthPrefixedSlice(as: UInt16.self) else { return nil }
        var protocols: [String] = []
        while list.readableBytes > 0 {
            guard let name = list.readLengthPrefixedSlice(as: UInt8.self), name.readableBytes > 0 else { return nil }
            protocols.append(String(decoding: name.readableBytesView, as: UTF8.self))
        }
        return protocols
    }
}
