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

/// A c-ares channel: queries, and the sockets that somebody has to watch for them. Used on one thread only.
final class AresChannel {
    /// An answer, and how long it may be kept, in seconds.
    typealias Reply = Result<(answer: NameAnswer, lifetime: Int64), NetworkError>

    /// How many addresses or texts of an answer are taken.
    static let maxRecords = 100

    let channel: ares_channel

    /// c-ares' global state, set up once for the process and kept.
    private static let libraryStatus = ares_library_init(ARES_LIB_INIT_ALL)

    /// Opens a channel with the system's settings of this moment, or for one server.
    ///
    /// - Throws: ``NetworkError`` with `.system`.
    init(_ configuration: DNSResolver.Configuration) throws(NetworkError) {
        try Self.check(Self.libraryStatus)
        var options = ares_options()
        // Answers of more than 512 bytes still fit into one datagram; 1232 bytes pass everywhere (DNS flag day 2020).
        options.flags = ARES_FLAG_EDNS
        options.ednspsz = 1232
        options.timeout = Int32(clamping: configuration.tryTimeout.nanoseconds / 1_000_000)
        options.tries = Int32(clamping: configuration.tries)
        var mask = ARES_OPT_FLAGS | ARES_OPT_EDNSPSZ | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES
        // With a server of its own it is to be asked for the name as it stands: no search domains, no hosts file.
        if configuration.server != nil {
            options.flags |= ARES_FLAG_NOSEARCH
            options.ndomains = 0
            mask |= ARES_OPT_DOMAINS | ARES_OPT_LOOKUPS
        }
        var channel: ares_channel?
        let status = "b".withCString { lookups in
            // c-ares copies the text and does not write to it.
            options.lookups = UnsafeMutablePointer(mutating: lookups)
            return ares_init_options(&channel, &options, mask)
        }
        try Self.check(status)
        guard let channel else { throw NetworkError(.system, "c-ares opened no channel.") }
        if let server = configuration.server {
            let status = ares_set_servers_ports_csv(channel, server.description)
            if status != ARES_SUCCESS {
                ares_destroy(channel)
                try Self.check(status)
            }
        }
        self.channel = channel
    }

    /// Ends all queries with `.cancelled`.
    deinit { ares_destroy(channel) }

    private static func check(_ status: Int32) throws(NetworkError) {
        guard status == ARES_SUCCESS else {
            throw NetworkError(.system, "c-ares cannot start: \(String(cString: ares_strerror(status)))")
        }
    }
}
