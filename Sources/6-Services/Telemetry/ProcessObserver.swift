#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// What the system knows of this process: memory, processor time, open files.
///
/// The names are those that Prometheus' own client libraries use, so that existing dashboards find them.
enum ProcessObserver {
    /// Adds the process' values to a scrape.
    static func observe(_ observations: inout MetricsObservations) {
        var usage = rusage()
        if getrusage(thisProcess, &usage) == 0 {
            let seconds = seconds(usage.ru_utime) + seconds(usage.ru_stime)
            observations.counter("process_cpu_seconds_total", seconds, help: "Processor time used, in seconds.")
        }
        if let pages = residentPages {
            observations.gauge(
                "process_resident_memory_bytes", Double(pages * sysconf(Int32(_SC_PAGESIZE))),
                help: "Memory in use, in bytes.")
        }
        if let files = openFiles {
            observations.gauge("process_open_fds", Double(files), help: "Open file descriptors.")
        }
        var limit = rlimit()
        if getrlimit(openFilesLimit, &limit) == 0 {
            observations.gauge("process_max_fds", Double(limit.rlim_cur), help: "Most open file descriptors.")
        }
    }

    #if canImport(Glibc)
        private static let thisProcess = __rusage_who_t(RUSAGE_SELF.rawValue)
        private static let openFilesLimit = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    #else
        private static let thisProcess = RUSAGE_SELF
        private static let openFilesLimit = RLIMIT_NOFILE
    #endif

    private static func seconds(_ time: timeval) -> Double {
        Double(time.tv_sec) + Double(time.tv_usec) / 1e6
    }

    /// The second number of `/proc/self/statm`.
    private static var residentPages: Int? {
        guard let file = fopen("/proc/self/statm", "r") else { return nil }
        defer { fclose(file) }
        var buffer = [CChar](repeating: 0, count: 128)
        guard fgets(&buffer, Int32(buffer.count), file) != nil else { return nil }
        let text = String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let numbers = text.split(separator: " ")
        return numbers.count > 1 ? Int(numbers[1]) : nil
    }

    /// The entries of `/proc/self/fd`, without `.`, `..` and the folder that is read.
    private static var openFiles: Int? {
        guard let folder = opendir("/proc/self/fd") else { return nil }
        defer { closedir(folder) }
        var entries = 0
        while readdir(folder) != nil { entries += 1 }
        return max(0, entries - 3)
    }
}
