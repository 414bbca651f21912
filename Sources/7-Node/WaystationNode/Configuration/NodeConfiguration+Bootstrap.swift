public import Multiformats

extension NodeConfiguration {
    /// The addresses of all bootstrap peers, those of the public network by their names.
    public var bootstrapAddresses: [Multiaddr] {
        get throws(MultiformatsError) {
            var addresses: [Multiaddr] = []
            for peer in bootstrap {
                switch peer {
                case .amino: addresses += try AminoNetwork.addresses()
                case .address(let address): addresses.append(address)
                }
            }
            return addresses
        }
    }
}
