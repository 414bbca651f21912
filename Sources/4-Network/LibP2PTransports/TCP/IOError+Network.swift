import LibP2PCore
import NIOCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

extension IOError {
    /// Whether the machine has run out of something that may come back, such as file descriptors.
    var isShortage: Bool { [EMFILE, ENFILE, ENOBUFS, ENOMEM].contains(errnoCode) }
}

extension NetworkError {
    /// What a failed attempt to connect means to who dialled.
    static func connecting(to target: some CustomStringConvertible, _ error: any Error) -> NetworkError {
        switch error {
        case let error as NetworkError:
            error
        case ChannelError.connectTimeout:
            NetworkError(.timeout, "\(target) does not answer.", cause: error)
        case let error as IOError where error.isShortage || error.errnoCode == EADDRNOTAVAIL:
            NetworkError(.system, "This machine has no socket left for \(target).", cause: error)
        default:
            NetworkError(.unreachable, "\(target) cannot be reached.", cause: error)
        }
    }

    /// What a failed attempt to listen means.
    static func listening(on target: some CustomStringConvertible, _ error: any Error) -> NetworkError {
        switch error {
        case let error as NetworkError:
            error
        case let error as IOError where error.errnoCode == EADDRINUSE:
            NetworkError(
                .system, "\(target) is in use by another process; stop that or choose another port.", cause: error)
        case let error as IOError where error.errnoCode == EADDRNOTAVAIL:
            NetworkError(.system, "\(target) is not an address of this machine.", cause: error)
        case let error as IOError where error.errnoCode == EACCES:
            NetworkError(.system, "\(target) needs a privilege that this process does not have.", cause: error)
        default:
            NetworkError(.system, "\(target) cannot be listened on.", cause: error)
        }
    }
}
