import LibP2PBasics
import LibP2PCore
import LibP2PHost
import LibP2PMuxers

extension NodeLimits {
    /// Puts the limits into a host's configuration.
    ///
    /// - Parameter sparesPrivateAddresses: whether private addresses are spared the limits that nobody set.
    func apply(to configuration: inout HostConfiguration, sparesPrivateAddresses: Bool) {
        configuration.limits.total = connections.orZero
        configuration.limits.perIP = connectionsPerIP.orZero
        configuration.limits.perSubnet = connectionsPerSubnet.orZero
        configuration.limits.perPeer = connectionsPerPeer.orZero
        configuration.limits.ratePerIP = connectionRatePerIP.orZero
        configuration.limits.burstPerIP = connectionBurstPerIP.orZero
        configuration.limits.handshakes = handshakes.orZero
        configuration.limits.onPrivateAddresses = sparesPrivateAddresses ? explicitAddressLimits : .all
        configuration.handshakeTimeout = handshakeTime
        configuration.streamsPerProtocol = streamsPerProtocol.orZero
        configuration.maxKnownPeers = knownPeers.orZero
        configuration.trimming.highWater = connections.orZero * 9 / 10
        configuration.trimming.lowWater = connections.orZero * 78 / 100
    }

    /// What somebody set holds for everybody; a default spares a lab's private addresses.
    private var explicitAddressLimits: AddressLimits {
        var explicit: AddressLimits = []
        if connectionsPerIP.isExplicit { explicit.insert(.perIP) }
        if connectionsPerSubnet.isExplicit { explicit.insert(.perSubnet) }
        if connectionRatePerIP.isExplicit || connectionBurstPerIP.isExplicit { explicit.insert(.rate) }
        return explicit
    }

    /// The limits of the rendezvous server.
    var rendezvous: RegistrationLimits {
        var limits = RegistrationLimits()
        limits.total = registrations.orMax
        limits.perPeer = registrationsPerPeer.orMax
        limits.memory = registrationBytes.orMax
        return limits
    }

    /// The muxers, the preferred one first.
    var muxers: [any MuxerProtocol] {
        var yamux = YamuxSettings()
        yamux.maxInboundStreams = streamsPerConnection.orMax
        var mplex = MplexSettings()
        mplex.maxInboundStreams = streamsPerConnection.orMax
        return [Yamux(settings: yamux), Mplex(settings: mplex)]
    }
}
