import LibP2PIdentity
import Multiformats

extension FuzzTarget {
    static let multiaddrs = [
        FuzzTarget("multiaddr") { input in
            guard let address = try? Multiaddr(bytes: input) else { return false }
            try requireEqual(address.bytes, input, "a multiaddr keeps its bytes")
            try checkRules(of: address)
            return true
        },
        FuzzTarget("multiaddr-text") { input in
            guard let address = try? Multiaddr(String(decoding: input, as: UTF8.self)) else { return false }
            try checkRules(of: address)
            return true
        },
    ]

    private static func checkRules(of address: Multiaddr) throws {
        try require(!address.bytes.isEmpty && address.bytes.count <= Multiaddr.maxLength, "multiaddrs are bounded")
        try require(address.description.utf8.count <= Multiaddr.maxTextLength, "texts of multiaddrs are bounded")
        try requireEqual(try Multiaddr(address.description), address, "a multiaddr through its text")
        try requireEqual(try Multiaddr(address.components), address, "a multiaddr through its components")
        try requireEqual(address.protocols, address.components.map(\.proto), "a multiaddr's protocols")
        for component in address.components {
            try requireEqual(
                try Multiaddr.Component(component.proto, value: component.value), component,
                "a component from its value")
        }
        if address.protocols.last == .p2p, let bare = address.withoutPeerID, let peer = address.peerID {
            try requireEqual((try? bare.withPeerID(peer))?.peerID, peer, "a multiaddr with its peer put back")
        }
        if let parts = address.split(at: .p2pCircuit) {
            let length = (parts.before?.bytes.count ?? 0) + (parts.after?.bytes.count ?? 0)
            try require(length <= address.bytes.count, "the parts of a multiaddr are not longer than the whole")
        }
        // What is asked of strangers' addresses everywhere, for its traps only.
        _ = (address.scope, address.ipAddress, address.hostName, address.tcpPort, address.udpPort)
        _ = address.isCompatibleWith2020
    }
}
