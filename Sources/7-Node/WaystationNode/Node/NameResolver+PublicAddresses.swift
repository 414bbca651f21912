import LibP2PCore
import Multiformats

extension NameResolver {
    /// What of addresses that a stranger gave may be dialled: this node must not knock at doors of its own network for
    /// him. Names are resolved, because what they lead to counts; and they must not be resolved once more for the dial.
    func publicAddresses(of addresses: [Multiaddr]) async -> [Multiaddr] {
        var found: [Multiaddr] = []
        for address in addresses where address.isPublic {
            found += address.hostName == nil ? [address] : (try? await expand(address)) ?? []
        }
        return found.filter { $0.ipAddress?.scope == .public }
    }
}
