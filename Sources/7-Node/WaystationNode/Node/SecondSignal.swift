import Dispatch
import Synchronization

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Ends the process at once when one more signal comes while it drains.
enum SecondSignal {
    private static let sources = Mutex<[any DispatchSourceSignal]>([])

    /// Watches for SIGTERM and SIGINT from now on. The signal that began the drain is not seen again.
    static func arm() {
        sources.withLock { sources in
            guard sources.isEmpty else { return }
            for signal in [SIGTERM, SIGINT] {
                let source = DispatchSource.makeSignalSource(signal: signal, queue: .global())
                // Shells report a death by signal in this way.
                source.setEventHandler { _exit(128 + signal) }
                source.resume()
                sources.append(source)
            }
        }
    }
}
