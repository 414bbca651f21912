public import Multiformats

/// Asks the domain name system. Implementations bound the number of queries under way and their time.
public protocol NameResolver: Sendable {
    /// The addresses of a host, in the order of the answer.
    ///
    /// - Parameter family: which kinds to ask for.
    /// - Throws: ``NetworkError``: `.unreachable` when there is no answer or no such name, `.timeout`, `.cancelled`, or
    ///   `.refused` when too many queries are under way.
    func addresses(of host: String, family: AddressFamily) async throws -> [IPAddress]

    /// The texts at a name, each joined from its parts.
    ///
    /// - Throws: as ``addresses(of:family:)``.
    func texts(at name: String) async throws -> [String]
}

/// Kinds of IP addresses.
public enum AddressFamily: Sendable, Hashable {
    /// IPv4 only.
    case ip4
    /// IPv6 only.
    case ip6
    /// Both.
    case any
}
