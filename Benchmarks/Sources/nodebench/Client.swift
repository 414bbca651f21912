import LibP2PBasics
import LibP2PCore
import LibP2PHost
import LibP2PIdentity
import LibP2PMuxers
import LibP2PSecurity
import LibP2PTransports
import Multiformats
import NIOCore
import NIOPosix
import Synchronization

/// A peer that measures: a host without listeners, with identify.
final class Client: NetworkObserver {
    static let loops = LoopGroup(MultiThreadedEventLoopGroup(numberOfThreads: 1))

    let host: Host
    private let identify: IdentifyService
    private let connections = Mutex<[UInt64: State]>([:])

    /// A connection whose peer has identified itself before anybody asked, or is waited for.
    private enum State {
        case identified
        case awaited(CheckedContinuation<Void, Never>)
    }

    init(listening: Bool = false) throws {
        let identity = try PrivateKey.generate()
        var configuration = HostConfiguration()
        configuration.allowsPrivateAddresses = true
        configuration.limits.onPrivateAddresses = []
        host = Host(
            identity: identity, loops: Self.loops, transports: [TCPTransport()],
            securities: [try Noise(identity: identity)], muxers: [Yamux()], configuration: configuration)
        identify = IdentifyService(network: host, agentVersion: "nodebench/1.0")
        host.addObserver(self)
        host.serve(PingService())
        identify.start()
    }

    func peerIdentified(_ peer: PeerID, _ description: PeerDescription, on connection: Connection) {
        let state = connections.withLock { connections in
            let state = connections.removeValue(forKey: connection.id)
            if state == nil { connections[connection.id] = .identified }
            return state
        }
        if case .awaited(let continuation) = state { continuation.resume() }
    }

    /// Connects and waits until the server has identified itself; it asks the same of us meanwhile.
    func connect(to address: Multiaddr) async throws -> Connection {
        let connection = try await host.dial(address, expecting: address.peerID)
        await withCheckedContinuation { continuation in
            let state = connections.withLock { connections in
                let state = connections.removeValue(forKey: connection.id)
                if state == nil { connections[connection.id] = .awaited(continuation) }
                return state
            }
            if case .identified = state { continuation.resume() }
        }
        return connection
    }
}
