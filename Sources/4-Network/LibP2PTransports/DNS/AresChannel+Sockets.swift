import CAres
import NIOCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

extension AresChannel {
    /// The sockets to watch, and for what.
    var sockets: [pollfd] {
        var descriptors = [ares_socket_t](repeating: -1, count: Int(ARES_GETSOCK_MAXNUM))
        let bits = UInt32(bitPattern: ares_getsock(channel, &descriptors, ARES_GETSOCK_MAXNUM))
        return descriptors.enumerated().compactMap { index, descriptor in
            let isRead = bits & (1 << UInt32(index)) != 0
            let isWritten = bits & (1 << (UInt32(index) + UInt32(ARES_GETSOCK_MAXNUM))) != 0
            guard isRead || isWritten else { return nil }
            let events = (isRead ? POLLIN : 0) | (isWritten ? POLLOUT : 0)
            return pollfd(fd: descriptor, events: Int16(events), revents: 0)
        }
    }

    /// How long to wait at most before ``process(_:)`` is called even if no socket is ready; nil for ever.
    var timeout: TimeAmount? {
        var storage = timeval()
        guard let next = ares_timeout(channel, nil, &storage)?.pointee else { return nil }
        return .seconds(Int64(next.tv_sec)) + .microseconds(Int64(next.tv_usec))
    }

    /// Reads and writes what the polled sockets are ready for, and tries again or gives up what took too long.
    func process(_ polled: [pollfd]) {
        for socket in polled where socket.revents != 0 {
            let isReadable = Int32(socket.revents) & (Int32(POLLIN) | Int32(POLLERR) | Int32(POLLHUP)) != 0
            let isWritable = Int32(socket.revents) & (Int32(POLLOUT) | Int32(POLLERR) | Int32(POLLHUP)) != 0
            ares_process_fd(channel, isReadable ? socket.fd : -1, isWritable ? socket.fd : -1)
        }
        ares_process_fd(channel, -1, -1)
    }
}
