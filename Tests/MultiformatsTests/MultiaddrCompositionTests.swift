import Multiformats
import Testing

@Suite struct MultiaddrCompositionTests {
    private let peer = "/p2p/QmcgpsyWgH8Y8ajJz1Cu72KnS5uo2Aa2LpzU7kinSupNKC"

    @Test func buildersMakeWhatTheTextSays() throws {
        #expect(Multiaddr.ip(.v4(0x0102_0304), tcp: 80).description == "/ip4/1.2.3.4/tcp/80")
        #expect(Multiaddr.ip(.v6(high: 0, low: 1), udp: 65535).description == "/ip6/::1/udp/65535")
        #expect(Multiaddr.memory(7).description == "/memory/7")
    }

    @Test func encapsulatingAndDecapsulatingUndoEachOther() throws {
        let base = try Multiaddr("/ip4/1.2.3.4/tcp/80")
        let whole = try base.encapsulating(Multiaddr(peer))
        #expect(whole.description == "/ip4/1.2.3.4/tcp/80" + peer)
        #expect(whole.decapsulating(.p2p) == base)
        #expect(whole.decapsulating(try Multiaddr(peer)) == base)
        #expect(whole.decapsulating(.ws) == whole)
        #expect(whole.decapsulating(whole) == nil)
        #expect(whole.decapsulating(.ip4) == nil)
        #expect(base.decapsulating(whole) == base)
    }

    @Test func decapsulatingTakesTheLastOccurrence() throws {
        let circuit = try Multiaddr("/ip4/1.2.3.4/tcp/80\(peer)/p2p-circuit\(peer)")
        #expect(circuit.decapsulating(.p2p)?.description == "/ip4/1.2.3.4/tcp/80\(peer)/p2p-circuit")
    }

    @Test func decapsulatingRespectsBorders() throws {
        // The bytes of /ws are the end of the name's bytes.
        let address = try Multiaddr([.init(.dns, value: Array("a".utf8)), .init(.tcp, value: [0xdd, 0x03])])
        #expect(address.decapsulating(try Multiaddr("/ws")) == address)
    }

    @Test func splitGivesBothSides() throws {
        let circuit = try Multiaddr("/ip4/1.2.3.4/tcp/80\(peer)/p2p-circuit\(peer)")
        let parts = try #require(circuit.split(at: .p2pCircuit))
        #expect(parts.before?.description == "/ip4/1.2.3.4/tcp/80" + peer)
        #expect(parts.after?.description == peer)
        #expect(try #require(Multiaddr("/ws").split(at: .ws)) == (nil, nil))
        #expect(circuit.split(at: .ws) == nil)
    }

    @Test func componentsAreFound() throws {
        let circuit = try Multiaddr("/ip4/1.2.3.4/tcp/80/ip4/5.6.7.8")
        #expect(circuit.first(.ip4)?.text == "1.2.3.4")
        #expect(circuit.last(.ip4)?.text == "5.6.7.8")
        #expect(circuit.first(.ws) == nil)
        #expect(circuit.protocols == [.ip4, .tcp, .ip4])
        #expect(circuit.contains(.tcp) && !circuit.contains(.udp))
    }
}
