import LibP2PCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Wakes a thread that waits in `poll`.
struct WakeUpPipe: ~Copyable, Sendable {
    /// The end to be polled for reading.
    let reader: Int32
    private let writer: Int32

    /// Makes a pipe whose ends never block.
    ///
    /// - Throws: ``NetworkError`` with `.system`.
    init() throws(NetworkError) {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else {
            throw NetworkError(.system, "The resolver cannot make a pipe: \(String(cString: strerror(errno))).")
        }
        reader = ends[0]
        writer = ends[1]
        for end in ends {
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
        }
    }

    deinit {
        close(reader)
        close(writer)
    }

    /// Makes the reader readable. A full pipe is readable already.
    func wake() {
        var byte: UInt8 = 1
        _ = write(writer, &byte, 1)
    }

    /// Takes what was written.
    func drain() {
        var bytes: [UInt8] = Array(repeating: 0, count: 64)
        while read(reader, &bytes, bytes.count) > 0 {}
    }
}
