import DelegatedRouting
import HTTPServing
import HTTPTypes
import Hummingbird
import LibP2PBitswap
import LibP2PCore
import LibP2PHTTP
import LibP2PHost
import LibP2PIdentity
import LibP2PKademlia
import Logging
import Multiformats
import NIOCore
import NodeStorage
import StarSignalling
import Synchronization

/// The delegate of a node: its two APIs over the node's DHTs and other delegates, and bitswap with a block cache, by which what clients publish
/// is fetched from them and kept.
final class NodeDelegate: DelegateNode {
    let bitswap: Bitswap
    let blocks: DiskBlockStore
    let upstreams: NodeUpstreams?

    private let router: CachingRouter
    /// Answers other delegates, which pass questions on: from the DHT alone.
    private let ownRouter: CachingRouter
    private let configuration: DelegateConfiguration
    private let host: Host
    private let tables: [KademliaDHT]
    private let rates: ClientRates
    private let proxies: [IPPrefix]
    private let finder: Finder
    private let refused = Atomic<UInt64>(0)
    private let publicKey: [UInt8]
    private let resolver: any NameResolver
    private let gate: PeerGate?
    private let logger: Logger

    /// Makes a delegate that does nothing before ``start()``.
    ///
    /// - Throws: `StorageError` when the block cache cannot be opened.
    init(
        _ configuration: NodeConfiguration, host: Host, tables: [KademliaDHT], group: any EventLoopGroup,
        loops: LoopGroup, identity: PrivateKey, hosts: OwnHosts, resolver: any NameResolver, logger: Logger
    ) throws(StorageError) {
        self.configuration = configuration.delegate
        self.host = host
        self.tables = tables
        self.resolver = resolver
        publicKey = identity.publicKey.protobuf
        let peers = Set(configuration.delegate.allowedPeers)
        gate =
            peers.isEmpty
            ? nil
            : PeerGate(
                peers: peers, server: PeerIDAuthServer(identity: identity, isOwnHost: { hosts.contains($0) }))
        self.logger = logger
        proxies = configuration.proxies
        let executor = loops.next()
        blocks = try DiskBlockStore(
            folder: configuration.dataFolder + "/blocks", limits: configuration.delegate.blocks, on: executor,
            logger: logger)
        bitswap = Bitswap(network: host, store: blocks, logger: logger)
        let dht = DHTRouter(tables: tables, host: host) { [blocks] in blocks.setProvided($0, true) }
        ownRouter = CachingRouter(dht, limits: configuration.delegate.cache, on: executor)
        upstreams = NodeUpstreams(configuration.delegate, group: group, loops: loops, logger: logger)
        if let upstreams {
            router = CachingRouter(
                MergingRouter(own: dht, others: upstreams.routers, on: executor),
                limits: configuration.delegate.cache, on: executor)
        } else {
            router = ownRouter
        }
        finder = Finder(router: dht)
        let sparesPrivate =
            configuration.allowPrivateAddresses && !configuration.delegate.requestsPerIP.isExplicit
        rates = ClientRates(
            perSecond: configuration.delegate.requestsPerIP.orZero,
            burst: configuration.delegate.requestBurstPerIP.orMax
        ) { sparesPrivate && !$0.isPublic }
    }

    /// Serves bitswap from now on, and provides what is in the cache for it, which goes on from where it was; what goes from
    /// the cache is provided no more.
    func start() async {
        blocks.onRemoval { [tables] hashes in
            for table in tables {
                table.executor.spawn { for hash in hashes { await table.stopProviding(hash.bytes) } }
            }
        }
        await bitswap.start()
        for hash in blocks.provided {
            for table in tables { try? await table.beginProviding(hash.bytes) }
        }
    }

    /// Ends what is under way, and closes the cache.
    func stop() async {
        await bitswap.stop()
        await upstreams?.stop()
        await blocks.close()
    }

    /// What is remembered, and how questions were answered.
    var memory: CachingRouter.Statistics {
        router === ownRouter ? router.statistics : router.statistics + ownRouter.statistics
    }

    /// Requests that were refused since their client asks too often.
    var rateRefusals: UInt64 { refused.load(ordering: .relaxed) }

    // MARK: Requests

    private static let xForwardedFor = HTTPField.Name("X-Forwarded-For") ?? .accept

    /// Answers a request for one of the delegate's paths.
    func respond(to request: Request, context: ConnectionContext) async throws -> Response {
        let client = ClientAddress.resolve(
            peer: context.remoteAddress, forwarded: request.headers[values: Self.xForwardedFor], trusted: proxies)
        if let seconds = rates.take(client, now: context.executor.now) {
            refused.wrappingAdd(1, ordering: .relaxed)
            var response = Response.text(.tooManyRequests, "You ask too often; wait \(seconds) s.")
            response.headers[.retryAfter] = "\(seconds)"
            response.headers[.accessControlAllowOrigin] = "*"
            return response
        }
        let body = try await request.body.collect(upTo: DelegateSettings.maxBody)
        let router = ForwardedRequest.isMarked(request.headers) ? ownRouter : router
        let delegate = Delegate(
            router: router, node: self, settings: configuration.settings, gate: gate, logger: logger)
        let answer = await delegate.respond(
            to: DelegateRequest(
                method: request.method, path: request.uri.path, query: request.uri.query ?? "",
                headers: request.headers, body: body, client: client,
                host: request.head.authority ?? ""),
            on: context.executor)
        return Response(status: answer.status, headers: answer.headers, body: Self.body(answer.body))
    }

    private static func body(_ body: DelegateResponse.Body) -> ResponseBody {
        switch body {
        case .bytes(let bytes): return ResponseBody(byteBuffer: bytes)
        case .stream(let stream):
            return ResponseBody { writer in
                try await withTaskCancellationHandler {
                    do {
                        while true {
                            switch await stream.next() {
                            case .bytes(let bytes): try await writer.write(bytes)
                            case .end(let trailers): return try await writer.finish(trailers)
                            }
                        }
                    } catch {
                        stream.cancel()
                        throw error
                    }
                } onCancel: {
                    stream.cancel()
                }
            }
        }
    }

    // MARK: DelegateNode

    var profile: DelegateProfile {
        DelegateProfile(
            id: host.localPeer, publicKey: publicKey, addresses: host.addresses.map { "\($0)/p2p/\(host.localPeer)" },
            agentVersion: Version.agent, protocolVersion: Version.network, protocols: host.protocols.map(\.name),
            version: Version.number)
    }

    var connectedPeers: [(id: PeerID, address: String)] {
        host.connections.map { ($0.remotePeer, $0.remoteAddress.description) }
    }

    func connect(to peer: PeerID, at addresses: [Multiaddr]) async throws {
        var targets = addresses
        if !host.allowsPrivateAddresses, host.connections(to: peer).isEmpty {
            targets = await resolver.publicAddresses(of: addresses)
            guard !targets.isEmpty else {
                throw RoutingError(.badInput, "\(peer) is to be reached by no public address")
            }
        }
        do {
            _ = try await host.connect(to: peer, at: targets)
        } catch {
            throw RoutingError(.unavailable, "\(peer) cannot be reached", cause: error)
        }
    }

    func block(_ cid: CID, for client: IPAddress?, isLocal: Bool) async throws -> Block {
        if isLocal {
            guard let block = await blocks.block(cid) else {
                throw RoutingError(.notFound, "\(cid) is not in the cache of this node")
            }
            return block
        }
        // Who asks for a block to be fetched has it most likely: his own node stands first.
        let near = host.connections.filter { client != nil && $0.remoteAddress.ipAddress?.unmapped == client }
        return try await bitswap.block(
            cid, from: BlockSources(peers: near.map(\.remotePeer), finder: finder))
    }

    /// Who provides a block, for bitswap.
    private struct Finder: ProviderFinder {
        let router: DHTRouter

        func findProviders(of cid: CID, onFound: @escaping @Sendable (PeerID) -> Void) async {
            try? await router.findProviders(of: cid, limit: 20) { onFound($0.id) }
        }
    }
}
