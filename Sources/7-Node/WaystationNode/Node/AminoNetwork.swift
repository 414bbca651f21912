import Multiformats

/// The public IPFS network, for `--bootstrap amino`.
enum AminoNetwork {
    /// The bootstrap peers that kubo ships, by their names in the domain name system.
    static let bootstrap: [String] = [
        "/dnsaddr/bootstrap.libp2p.io/p2p/QmNnooDu7bfjPFoTZYxMNLWUQJyrVwtbZg5gBMjTezGAJN",
        "/dnsaddr/bootstrap.libp2p.io/p2p/QmQCU2EcMqAqQPR2i9bChDtGNJchTbq5TbXJJ16u19uLTa",
        "/dnsaddr/bootstrap.libp2p.io/p2p/QmbLHAnMoJPWSCR5Zhtx6BHJX9KiKNN6tpvbUcqanj75Nb",
        "/dnsaddr/bootstrap.libp2p.io/p2p/QmcZf59bWwK5XFi76CZX8cbJ4BhTzzA3gU1ZjYZcYW3dwt",
    ]

    /// The addresses.
    static func addresses() throws(MultiformatsError) -> [Multiaddr] {
        var addresses: [Multiaddr] = []
        for text in bootstrap { addresses.append(try Multiaddr(text)) }
        return addresses
    }
}
