import CEpoll
import Foundation
import Measuring

/// A load of peers on one thread: sockets under one epoll, bytes taken apart in one buffer, nothing allocated for what
/// comes but the rests of frames.
final class Crowd {
    /// What is done with what the server says.
    enum Notice {
        /// The namespace is connected.
        case connected
        /// An event was acknowledged.
        case acknowledged
        /// A handshake came; whether it is an answer.
        case handshake(isAnswer: Bool)
    }

    private static let request = Array(
        ("GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
            + "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
            .utf8)
    private static let connect = LoadPeer.frame("40")
    private static let pong = LoadPeer.frame("3")

    private(set) var peers: [LoadPeer] = []
    /// Announcements that came to all peers.
    private(set) var announcements = 0
    /// Whom the first peer has heard of, by number.
    private(set) var heard: Set<Int> = []
    private let endpoint: StarEndpoint
    private let epoll = epoll_create1(0)
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 16)
    private var events = [epoll_event](repeating: epoll_event(), count: 1024)

    init(_ endpoint: StarEndpoint) { self.endpoint = endpoint }

    deinit {
        for peer in peers { close(peer.socket) }
        close(epoll)
        buffer.deallocate()
    }

    /// Begins a connection.
    func add() throws {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue), 0)
        guard descriptor >= 0 else { throw BenchmarkError("No socket: errno \(errno).") }
        var on: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
        var address = endpoint.address
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 || errno == EINPROGRESS else { throw BenchmarkError("No connection: errno \(errno).") }
        watch(descriptor, EPOLL_CTL_ADD, EPOLLOUT, peers.count)
        peers.append(LoadPeer(socket: descriptor, number: peers.count))
    }

    private func watch(_ descriptor: Int32, _ operation: Int32, _ what: EPOLL_EVENTS, _ number: Int) {
        var event = epoll_event(events: what.rawValue, data: epoll_data_t(u64: UInt64(number)))
        epoll_ctl(epoll, operation, descriptor, &event)
    }

    /// Waits for sockets once, and tells what they brought.
    func serve(milliseconds: Int32, _ notice: (Int, Notice) throws -> Void) throws {
        let count = epoll_wait(epoll, &events, Int32(events.count), milliseconds)
        for event in events.prefix(max(0, Int(count))) {
            let number = Int(event.data.u64)
            let peer = peers[number]
            if peer.stage == .connecting {
                guard peer.send(Self.request) else { throw BenchmarkError("Peer \(number) could not connect.") }
                peer.stage = .upgrading
                watch(peer.socket, EPOLL_CTL_MOD, EPOLLIN, number)
                continue
            }
            try read(peer, number, notice)
        }
    }

    private func read(_ peer: LoadPeer, _ number: Int, _ notice: (Int, Notice) throws -> Void) throws {
        let rest = peer.partial.count
        buffer.copyBytes(from: peer.partial)
        let count = recv(peer.socket, buffer.baseAddress.map { $0 + rest }, buffer.count - rest, 0)
        guard count > 0 else {
            if count < 0, errno == EAGAIN { return }
            throw BenchmarkError("The server closed peer \(number) at stage \(peer.stage).")
        }
        let bytes = UnsafeRawBufferPointer(rebasing: buffer[..<(rest + count)])
        let used = try takeApart(bytes, peer, number, notice)
        peer.partial = used == bytes.count ? [] : Array(bytes[used...])
    }

    /// Handles whole frames; tells how many bytes they had.
    private func takeApart(
        _ bytes: UnsafeRawBufferPointer, _ peer: LoadPeer, _ number: Int, _ notice: (Int, Notice) throws -> Void
    ) throws -> Int {
        var start = 0
        if peer.stage == .upgrading {
            guard let end = Self.headEnd(bytes) else { return 0 }
            guard bytes[9] == UInt8(ascii: "1") else {
                throw BenchmarkError("The server answers \(String(decoding: bytes.prefix(200), as: UTF8.self))")
            }
            start = end
            peer.stage = .opening
        }
        while bytes.count - start >= 2 {
            var head = 2
            var length = Int(bytes[start + 1])
            if length == 126 {
                guard bytes.count - start >= 4 else { break }
                length = Int(bytes[start + 2]) << 8 | Int(bytes[start + 3])
                head = 4
            } else if length > 126 {
                throw BenchmarkError("The server sends frames beyond 64 KiB.")
            }
            guard bytes.count - start >= head + length else { break }
            let text = UnsafeRawBufferPointer(rebasing: bytes[(start + head)..<(start + head + length)])
            start += head + length
            if length > 7, text[0] == UInt8(ascii: "4"), text[1] == UInt8(ascii: "2") {
                if text[7] == UInt8(ascii: "p") {
                    announcements += 1
                    if number == 0 { heard.insert(LoadPeer.number(endOf: text)) }
                } else {
                    // "answer":true}] ends an answer, as this load writes it.
                    try notice(number, .handshake(isAnswer: text[length - 3] == UInt8(ascii: "e")))
                }
            } else {
                try take(text, peer, number, notice)
            }
        }
        return start
    }

    private func take(
        _ text: UnsafeRawBufferPointer, _ peer: LoadPeer, _ number: Int, _ notice: (Int, Notice) throws -> Void
    ) throws {
        switch (text.first, text.count > 1 ? text[1] : 0) {
        case (UInt8(ascii: "0"), _):
            _ = peer.send(Self.connect)
        case (UInt8(ascii: "2"), _):
            _ = peer.send(Self.pong)
        case (UInt8(ascii: "4"), UInt8(ascii: "0")):
            peer.stage = .connected
            try notice(number, .connected)
        case (UInt8(ascii: "4"), UInt8(ascii: "3")):
            try notice(number, .acknowledged)
        default:
            throw BenchmarkError("The server says \(String(decoding: text.prefix(100), as: UTF8.self))")
        }
    }

    /// Where the first frame begins: behind the empty line.
    private static func headEnd(_ bytes: UnsafeRawBufferPointer) -> Int? {
        guard bytes.count >= 4 else { return nil }
        return (4...bytes.count).first { end in
            bytes[end - 4] == 13 && bytes[end - 3] == 10 && bytes[end - 2] == 13 && bytes[end - 1] == 10
        }
    }
}
