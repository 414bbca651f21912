import Multiformats

/// The front door over TLS, where it stands among the addresses to listen on, as other implementations write it:
/// `/ip4/0.0.0.0/tcp/443/tls/ws`, and `/ip4/0.0.0.0/tcp/443/tls/sni/*.libp2p.direct/ws` for AutoTLS.
struct ListenedDoor {
    /// The addresses that libp2p listens on by itself.
    let others: [Multiaddr]
    /// Where the door is to open; nil when it stands nowhere, or on a port that it shares.
    let address: HostAndPort?
    /// Whether there is such an address at all.
    let isThere: Bool
    /// Whether its certificate is to come by AutoTLS.
    let isAutomatic: Bool

    /// Looks through what `settings` say.
    init(_ settings: ResolvedSettings) throws(NodeError) {
        let all = try settings.value(Settings.listen)
        let others = all.filter { !Self.isSecure($0) }
        self.others = others
        let doors = all.filter(Self.isSecure)
        guard let door = doors.first else {
            (address, isThere, isAutomatic) = (nil, false, false)
            return
        }
        isThere = true
        guard doors.count == 1 else {
            throw NodeError(
                .configuration,
                "--listen has \(doors.count) addresses over TLS: the node has one front door, give one (0.0.0.0 stands for "
                    + "all addresses)")
        }
        guard let ip = door.ipAddress, let port = door.tcpPort,
            [[.tls, .ws], [.wss], [.tls, .sni, .ws]].contains(Array(door.protocols.dropFirst(2)))
        else {
            throw NodeError(
                .configuration,
                "--listen \(door) is no address over TLS that can be listened on: write /ip4/0.0.0.0/tcp/443/tls/ws")
        }
        isAutomatic = try Self.isAutomatic(door, settings)
        let place = HostAndPort(host: ip.description, port: port)
        let plain = others.first { $0.protocols.count == 2 && $0.ipAddress == ip && $0.tcpPort == port }
        guard let plain, port != 0 else {
            address = place
            return
        }
        guard try settings.value(Settings.sharePort) else {
            throw NodeError(
                .configuration, "--listen has both \(plain) and \(door): one port for both needs --share-port")
        }
        address = nil
    }

    /// Whether an address asks for AutoTLS, by a name under the broker's domain.
    private static func isAutomatic(_ door: Multiaddr, _ settings: ResolvedSettings) throws(NodeError) -> Bool {
        guard let name = door.components.first(where: { $0.proto == .sni })?.text.lowercased() else { return false }
        let domain = try settings.value(Settings.autoTLSDomain)
        guard name == "*.\(domain)" else {
            throw NodeError(
                .configuration,
                "--listen \(door) is for \(name): AutoTLS is /tls/sni/*.\(domain)/ws, and a name of your own is given by "
                    + "--domain, with /tls/ws here")
        }
        let (isSet, isOn) = (try settings.isSet(Settings.autoTLS), try settings.value(Settings.autoTLS))
        guard isOn || !isSet else {
            throw NodeError(.configuration, "--listen \(door) asks for AutoTLS, which --auto-tls false switches off")
        }
        return true
    }

    private static func isSecure(_ address: Multiaddr) -> Bool {
        !address.isCircuit && address.protocols.contains { $0 == .tls || $0 == .wss }
    }
}
