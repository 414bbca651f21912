public import Multiformats

/// Which address protocols the reader of an answer understands.
///
/// js-multiaddr of 2020 throws the whole answer away when it meets one code it does not know, so such clients get only
/// the addresses made of codes they do (conformance of multiaddr, "COMPAT 2020").
public enum AddressVocabulary: Sendable, Hashable {
    /// Everything this version writes.
    case current
    /// What js-multiaddr 8.1 and go of the same age know.
    case year2020

    /// The vocabulary of a client that names itself so in identify.
    public init(agentVersion: String?) {
        guard let agent = agentVersion else {
            self = .current
            return
        }
        let isOfThatTime =
            agent.hasPrefix("js-ipfs/")
            || ["js-libp2p/0.2", "js-libp2p/0.3"].contains { prefix in
                // 0.2x and 0.3x: two digits, so that 0.2.0 and 0.3.1 of other packages don't count.
                agent.hasPrefix(prefix) && agent.dropFirst(prefix.count).first?.isNumber == true
            }
        self = isOfThatTime ? .year2020 : .current
    }

    /// Those of the addresses that the reader can read.
    public func understood(of addresses: [Multiaddr]) -> [Multiaddr] {
        guard self == .year2020 else { return addresses }
        return addresses.filter(\.isCompatibleWith2020)
    }
}
