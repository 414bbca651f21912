import CAres
import LibP2PCore
import Multiformats

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

extension AresChannel {
    /// Asks a question. `done` is called exactly once: by ``process(_:)``, or at once, or when the channel ends.
    func ask(_ question: NameQuestion, _ done: @escaping (Reply) -> Void) {
        let context = Unmanaged.passRetained(Completion(done)).toOpaque()
        switch question {
        case .addresses(let host, let family):
            var hints = ares_addrinfo_hints()
            // One kind of socket, or every address comes twice; unsorted, for sorting opens sockets to each of them.
            hints.ai_socktype = Self.streamSocket
            hints.ai_flags = ARES_AI_NOSORT
            hints.ai_family =
                switch family {
                case .ip4: AF_INET
                case .ip6: AF_INET6
                case .any: AF_UNSPEC
                }
            ares_getaddrinfo(channel, host, nil, &hints, Self.addressesArrived, context)
        case .texts(let name):
            ares_query(channel, name, Self.internet, Self.text, Self.textsArrived, context)
        }
    }

    /// Carries a Swift closure through c-ares.
    private final class Completion {
        let done: (Reply) -> Void

        init(_ done: @escaping (Reply) -> Void) { self.done = done }

        /// The closure of a context, which is given up: c-ares calls back once.
        static func take(_ context: UnsafeMutableRawPointer?) -> ((Reply) -> Void)? {
            guard let context else { return nil }
            return Unmanaged<Completion>.fromOpaque(context).takeRetainedValue().done
        }
    }

    private static let internet: Int32 = 1
    private static let text: Int32 = 16

    private static var streamSocket: Int32 {
        #if canImport(Glibc)
            Int32(SOCK_STREAM.rawValue)
        #else
            SOCK_STREAM
        #endif
    }

    private static let addressesArrived: ares_addrinfo_callback = { context, status, _, result in
        defer { if let result { ares_freeaddrinfo(result) } }
        guard let done = Completion.take(context) else { return }
        guard status == ARES_SUCCESS, let result else { return done(.failure(failure(status))) }
        var addresses: [IPAddress] = []
        var lifetime = Int64(Int32.max)
        var next = result.pointee.nodes
        while let node = next?.pointee, addresses.count < maxRecords {
            if let address = IPAddress(node) { addresses.append(address) }
            lifetime = min(lifetime, Int64(node.ai_ttl))
            next = node.ai_next
        }
        guard !addresses.isEmpty else { return done(.failure(failure(ARES_ENODATA))) }
        done(.success((.addresses(addresses), lifetime)))
    }

    private static let textsArrived: ares_callback = { context, status, _, message, length in
        guard let done = Completion.take(context) else { return }
        guard status == ARES_SUCCESS, let message, length > 0 else { return done(.failure(failure(status))) }
        let bytes = Array(UnsafeBufferPointer(start: message, count: Int(length)))
        guard let records = TextRecords(message: bytes) else {
            return done(.failure(NetworkError(.unreachable, "The name's text records are malformed or too large.")))
        }
        guard !records.texts.isEmpty else { return done(.failure(failure(ARES_ENODATA))) }
        done(.success((.texts(Array(records.texts.prefix(maxRecords))), Int64(records.lifetime))))
    }

    private static func failure(_ status: Int32) -> NetworkError {
        let reason = String(cString: ares_strerror(status))
        return switch status {
        case ARES_ETIMEOUT: NetworkError(.timeout, "No name server answered in time: \(reason).")
        case ARES_EDESTRUCTION, ARES_ECANCELLED: NetworkError(.cancelled, "The resolver was shut down.")
        default: NetworkError(.unreachable, "The name cannot be resolved: \(reason).")
        }
    }
}

extension IPAddress {
    /// The address in a node of c-ares' list.
    fileprivate init?(_ node: ares_addrinfo_node) {
        guard let address = node.ai_addr else { return nil }
        let length = Int(node.ai_addrlen)
        switch node.ai_family {
        case AF_INET where length >= MemoryLayout<sockaddr_in>.size:
            var ip = UnsafeRawPointer(address).loadUnaligned(as: sockaddr_in.self).sin_addr
            self.init(bytes: withUnsafeBytes(of: &ip) { Array($0) })
        case AF_INET6 where length >= MemoryLayout<sockaddr_in6>.size:
            var ip = UnsafeRawPointer(address).loadUnaligned(as: sockaddr_in6.self).sin6_addr
            self.init(bytes: withUnsafeBytes(of: &ip) { Array($0) })
        default:
            return nil
        }
    }
}
