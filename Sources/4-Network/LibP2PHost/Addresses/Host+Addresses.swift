public import LibP2PCore
public import Multiformats
import NIOCore
import Synchronization

extension Host {
    /// The listeners' concrete addresses: wildcards are expanded to the machine's addresses, loopback included.
    ///
    /// The machine is asked again after ``interfaceLifetime``: identify wants them for every connection, and asking costs
    /// more than a signature.
    public var listenAddresses: [Multiaddr] {
        let now = home.now
        let (listeners, known) = state.withLock { state in
            (
                state.listeners.flatMap(\.addresses),
                state.listenAddresses.flatMap { $0.until > now ? $0.addresses : nil }
            )
        }
        if let known { return known }
        var seen: Set<Multiaddr> = []
        let addresses = listeners.flatMap(Self.expand).filter { seen.insert($0).inserted }
        state.withLock { $0.listenAddresses = (addresses, now + Self.interfaceLifetime) }
        return addresses
    }

    /// How long the machine's own addresses are believed.
    private static let interfaceLifetime = TimeAmount.seconds(30)

    /// What is told by the certificates of listeners. A change is pushed to the peers.
    public var advertisement: Advertisement {
        get { state.withLock { $0.advertisement } }
        set {
            let isNew = state.withLock { state in
                defer { state.advertisement = newValue }
                return state.advertisement != newValue
            }
            if isNew { observers.notify { $0.selfChanged() } }
        }
    }

    /// What others are told: the announced addresses if there are any, else the listeners' and those that other peers
    /// confirmed; and the advertised ones. See `Network`.
    ///
    /// Browsers of 2020 listen at the first address of a relay only. So those with names come first, unless somebody has
    /// put announced ones in order.
    ///
    /// Addresses that only this machine or its own network can reach are told only when there are no others, or when
    /// private addresses count as reachable.
    public var addresses: [Multiaddr] {
        let advertisement = self.advertisement
        let announced = configuration.announcedAddresses
        guard announced.isEmpty else { return announced + advertisement.addresses.filter { !announced.contains($0) } }
        return advertisement.addresses + reachable(advertisement).filter { !advertisement.addresses.contains($0) }
    }

    /// Where the listeners are reached from outside, as far as is known: at public addresses, and at private ones where
    /// those count as reachable. Certificates are not looked at: one may be on its way.
    public var reachableAddresses: [Multiaddr] {
        placedAddresses.filter { configuration.allowsPrivateAddresses || $0.isPublic }
    }

    /// The listeners' and observed addresses that others can use.
    private func reachable(_ advertisement: Advertisement) -> [Multiaddr] {
        let all = placedAddresses.filter(advertisement.isUsable)
        if configuration.allowsPrivateAddresses { return all }
        let reachable = all.filter { $0.isPublic }
        return reachable.isEmpty ? all : reachable
    }

    /// The listeners' addresses, and the same at the IP addresses that other peers confirmed.
    private var placedAddresses: [Multiaddr] {
        let listening = listenAddresses
        let confirmed = state.withLock { $0.observedAddresses.confirmed(now: home.now) }
        var all = listening
        for address in confirmed {
            // A circuit begins with the relay's address, which is not this machine's.
            for own in listening where !own.isCircuit {
                if let moved = Self.moved(own, to: address), !all.contains(moved) { all.append(moved) }
            }
        }
        return all
    }

    /// See `Network`.
    public func observed(_ address: Multiaddr, by connection: Connection) {
        // An observation over a connection that the other side dialled repeats what it dialled: it proves nothing new.
        guard !connection.isInbound, !connection.isRelayed, !address.isCircuit,
            let seen = address.ipAddress?.unmapped, let observer = connection.remoteAddress.ipAddress?.unmapped,
            seen.isPublic, observer.isPublic
        else { return }
        let now = home.now
        let isNew = state.withLock { $0.observedAddresses.note(seen, from: observer, now: now) }
        if isNew { observers.notify { $0.selfChanged() } }
    }

    /// The same port and transport at another IP of the same family; nil when the families differ.
    private static func moved(_ address: Multiaddr, to ip: IPAddress) -> Multiaddr? {
        guard let own = address.ipAddress, own.bitWidth == ip.bitWidth else { return nil }
        return replacingIP(of: address, by: ip)
    }

    private static func replacingIP(of address: Multiaddr, by ip: IPAddress) -> Multiaddr? {
        guard let first = try? Multiaddr.Component(ip.bitWidth == 32 ? .ip4 : .ip6, value: ip.bytes) else { return nil }
        return try? Multiaddr([first] + address.components.dropFirst())
    }

    private static func expand(_ address: Multiaddr) -> [Multiaddr] {
        guard let ip = address.ipAddress, ip.isUnspecified else { return [address] }
        let devices = (try? System.enumerateDevices()) ?? []
        return devices.compactMap { device in
            guard let text = device.address?.ipAddress, let local = IPAddress(text.prefix { $0 != "%" }),
                local.bitWidth == ip.bitWidth, !local.isLinkLocal
            else { return nil }
            return replacingIP(of: address, by: local)
        }
    }
}
