import Foundation
import Measuring

/// A client's connection to the front door, which blocks: nothing of ours between the measurement and the kernel.
final class PlainConnection {
    private let socket: Int32

    /// - Parameters:
    ///   - url: as in `http://127.0.0.1:8080`.
    ///   - window: bytes that the kernel takes before they are read; nil for as many as it likes.
    init(_ url: String, window: Int32? = nil) throws {
        guard let components = URLComponents(string: url), let host = components.host,
            let port = components.port.flatMap({ UInt16(exactly: $0) })
        else { throw BenchmarkError("\(url) is not http://HOST:PORT.") }
        socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        if var window {
            setsockopt(socket, SOL_SOCKET, SO_RCVBUF, &window, socklen_t(MemoryLayout<Int32>.size))
        }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        inet_pton(AF_INET, host, &address.sin_addr)
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else { throw BenchmarkError("\(url) cannot be connected to: errno \(errno).") }
    }

    deinit { close(socket) }

    /// Asks for something.
    func ask(_ method: String, _ path: String, accept: String = "*/*") throws {
        let text = "\(method) \(path) HTTP/1.1\r\nHost: localhost\r\nAccept: \(accept)\r\nContent-Length: 0\r\n\r\n"
        let sent = text.withCString { send(socket, $0, strlen($0), Int32(MSG_NOSIGNAL)) }
        guard sent == text.utf8.count else { throw BenchmarkError("A request could not be sent: errno \(errno).") }
    }

    /// Reads until some bytes have come.
    func read(until mark: String) throws {
        var text = ""
        var bytes = [UInt8](repeating: 0, count: 65_536)
        while !text.contains(mark) {
            let count = recv(socket, &bytes, bytes.count, 0)
            guard count > 0 else { throw BenchmarkError("The connection ended before \(mark) came: \(text)") }
            text += String(decoding: bytes[..<count], as: UTF8.self)
        }
    }
}
