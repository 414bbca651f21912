import Multiformats
import Testing

@Suite struct MultiaddrReachTests {
    @Test(arguments: [
        ("/ip4/127.0.0.1/tcp/1", IPAddress.Scope.loopback), ("/ip6/::1/tcp/1", .loopback),
        ("/ip6/::ffff:127.0.0.1/tcp/1", .loopback), ("/dns4/localhost/tcp/1", .loopback),
        ("/dns/a.localhost", .loopback),
        ("/ip4/10.1.2.3", .private), ("/ip4/172.31.0.1", .private), ("/ip4/192.168.0.1", .private),
        ("/ip4/100.64.0.1", .private), ("/ip4/169.254.1.1", .private), ("/ip4/0.0.0.0", .private),
        ("/ip4/192.0.2.1", .private), ("/ip4/224.0.0.1", .private), ("/ip4/255.255.255.255", .private),
        ("/ip6/fe80::1", .private), ("/ip6/fd00::1", .private), ("/ip6/::", .private), ("/ip6/2001:db8::1", .private),
        ("/ip6/3fff::1", .private), ("/ip6/ff02::1", .private), ("/ip6/2002:0a00:0001::1", .private),
        ("/ip6/2001::1", .private), ("/ip6/64:ff9b::10.0.0.1", .private), ("/ip6/::ffff:10.0.0.1", .private),
        ("/ip6zone/eth0/ip6/fe80::1/tcp/80", .private), ("/dns4/printer.local", .private), ("/dns/host", .private),
        ("/ip4/8.8.8.8", .public), ("/ip4/172.32.0.1", .public), ("/ip4/100.128.0.1", .public),
        ("/ip6/2606:4700::1111", .public), ("/ip6/64:ff9b::8.8.8.8", .public), ("/ip6/2001:200::1", .public),
        ("/dnsaddr/bootstrap.libp2p.io", .public), ("/dns6/EXAMPLE.COM.", .public),
    ])
    func scopes(text: String, scope: IPAddress.Scope) throws {
        let address = try Multiaddr(text)
        #expect(address.scope == scope)
        #expect(address.isLoopback == (scope == .loopback))
        #expect(address.isPrivate == (scope == .private))
        #expect(address.isPublic == (scope == .public))
    }

    @Test(arguments: ["/memory/1", "/unix/a", "/p2p-circuit", "/tcp/80", "/tcp/80/ip4/8.8.8.8"])
    func addressesWithoutAHostReachNowhere(text: String) throws {
        let address = try Multiaddr(text)
        #expect(address.scope == nil)
        #expect(address.ipAddress == nil)
        #expect(address.hostName == nil)
    }

    @Test func partsAreRead() throws {
        let address = try Multiaddr("/ip6zone/eth0/ip6/fe80::1/tcp/80/ip4/1.2.3.4/udp/90/p2p-circuit")
        #expect(address.ipAddress?.description == "fe80::1")
        #expect(address.tcpPort == 80)
        #expect(address.udpPort == 90)
        #expect(address.isCircuit)
        #expect(try Multiaddr("/dnsaddr/a.b/tcp/80").hostName == "a.b")
        #expect(try Multiaddr("/ws").tcpPort == nil)
    }

    @Test(arguments: [
        ("/dns4/a.b/tcp/443/wss/p2p-webrtc-star", true), ("/ip4/1.2.3.4/udp/1/quic", true),
        ("/ip4/1.2.3.4/tcp/1/ws", true),
        ("/ip4/1.2.3.4/udp/1/quic-v1", false), ("/ip4/1.2.3.4/tcp/443/tls/ws", false), ("/memory/1", false),
    ])
    func oldPeersReadTheOldProtocolsOnly(text: String, isCompatible: Bool) throws {
        #expect(try Multiaddr(text).isCompatibleWith2020 == isCompatible)
    }
}
