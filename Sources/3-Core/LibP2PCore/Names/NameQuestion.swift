public import Multiformats

/// What can be asked of the domain name system.
public enum NameQuestion: Hashable, Sendable {
    /// The IP addresses of a host.
    case addresses(of: String, AddressFamily)
    /// The TXT records at a name.
    case texts(at: String)

    /// The name that is asked about.
    public var name: String {
        switch self {
        case .addresses(let host, _): host
        case .texts(let name): name
        }
    }
}

/// What the domain name system said.
public enum NameAnswer: Hashable, Sendable {
    /// IP addresses.
    case addresses([IPAddress])
    /// TXT records, each joined from its parts.
    case texts([String])
}
