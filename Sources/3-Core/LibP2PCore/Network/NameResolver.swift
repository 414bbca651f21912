/// Asks the domain name system. Implementations bound the number of queries under way and their time.
public protocol NameResolver: Sendable {
    /// The addresses of a host.
    ///
    /// - Parameter family: which kinds to ask for.
    /// - Returns: the addresses in the order of the answer, IPv6 as 16 bytes and IPv4 as 4.
    /// - Throws: ``NetworkError``: `.unreachable` when there is no answer or no such name, `.timeout`.
    func addresses(of host: String, family: AddressFamily) async throws -> [[UInt8]]

    /// The texts at a name, each joined from its parts.
    ///
    /// - Throws: as ``addresses(of:family:)``.
    func texts(at name: String) async throws -> [String]
}

/// Kinds of IP addresses.
public enum AddressFamily: Sendable {
    /// IPv4 only.
    case ip4
    /// IPv6 only.
    case ip6
    /// Both.
    case any
}
