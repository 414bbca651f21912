import LibP2PCore
import LibP2PIdentity
import LibP2PSecurity
import NIOCore
import NIOEmbedded

// What securing a connection costs, in processor time: the handshake of each side, then the cipher in each direction.
// Two channels in memory stand for the connection, so sockets play no part.

let handshakes = 2000
let muxers: [ProtocolID] = ["/yamux/1.0.0"]
let dialerKey = try PrivateKey.generate(.ed25519)
let listenerKey = try PrivateKey.generate(.ed25519)

for (name, dialer, listener) in [
    ("noise", try Noise(identity: dialerKey) as any SecurityProtocol, try Noise(identity: listenerKey)),
    ("tls", try TLS(identity: dialerKey), try TLS(identity: listenerKey)),
] as [(String, any SecurityProtocol, any SecurityProtocol)] {
    var dialed = ProcessorTime()
    var accepted = ProcessorTime()
    for _ in 0..<handshakes {
        let link = try Link(dialer, listener, &dialed, &accepted, muxers: muxers)
        guard link.isSecured else { fatalError("the \(name) handshake failed") }
    }
    let micros = (dialed.micros(per: handshakes), accepted.micros(per: handshakes))
    print("\(name) handshake: dialer \(micros.0) µs, listener \(micros.1) µs")

    for size in [64, 1024, 16384, 262_144] {
        var unused = ProcessorTime()
        var unusedToo = ProcessorTime()
        let link = try Link(dialer, listener, &unused, &unusedToo, muxers: muxers)
        let count = min(50_000, 512 * 1_048_576 / size)
        var sealing = ProcessorTime()
        var opening = ProcessorTime()
        let payload = ByteBuffer(repeating: 0x55, count: size)
        for _ in 0..<count { try link.send(payload, &sealing, &opening) }
        print(
            "\(name) \(size) bytes: out \(sealing.nanos(per: count)) ns, \(sealing.rate(count * size)) MiB/s;",
            "in \(opening.nanos(per: count)) ns, \(opening.rate(count * size)) MiB/s")
    }
}
