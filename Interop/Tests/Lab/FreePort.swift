import Foundation

/// Ports for programs that have to be told one beforehand.
enum FreePort {
    /// A TCP port on loopback that nobody has now; another program may take it before it is used.
    static func find() throws -> UInt16 {
        let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard socket >= 0 else { throw InteropError("no socket: errno \(errno)") }
        defer { close(socket) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let failed = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                bind(socket, pointer, length) != 0 || getsockname(socket, pointer, &length) != 0
            }
        }
        guard !failed else { throw InteropError("no free port: errno \(errno)") }
        return UInt16(bigEndian: address.sin_port)
    }
}
