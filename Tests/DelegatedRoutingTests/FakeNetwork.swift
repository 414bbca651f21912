import HTTPTypes
import LibP2PBitswap
import LibP2PCore
import LibP2PIdentity
import LibP2PTesting
import Multiformats
import NIOCore
import Synchronization

@testable import DelegatedRouting

/// A router that answers what a test told it, each finding a second after the one before.
final class FakeRouter: Router {
    struct Content {
        var providers: [RoutingRecord] = []
        var peers: [PeerID: [RoutingRecord]] = [:]
        var closest: [RoutingRecord] = []
        var steps: [QueryEvent] = []
        var values: [[UInt8]: [UInt8]] = [:]
        var takers: [PeerID] = []
        var pause = Duration.seconds(1)
        var failure: RoutingError?
        var putFailure: RoutingError?
        /// How long a value takes.
        var valuePause = Duration.zero
        var provided: [CID] = []
        /// What it was told to provide behind the answer.
        var begun: [CID] = []
        var searches = 0
        var cancelled = 0
    }

    let executor: LoopExecutor
    private let content = Mutex(Content())

    init(on executor: LoopExecutor) { self.executor = executor }

    func set(_ change: (inout Content) -> Void) { content.withLock { change(&$0) } }
    var now: Content { content.withLock { $0 } }

    private func tell<Element>(_ elements: [Element], _ found: (Element) -> Void) async throws {
        content.withLock { $0.searches += 1 }
        for element in elements {
            do {
                try await executor.sleep(for: now.pause)
            } catch {
                content.withLock { $0.cancelled += 1 }
                throw error
            }
            found(element)
        }
        if let failure = now.failure { throw failure }
    }

    func findProviders(
        of cid: CID, limit: Int, onFound: @escaping @Sendable (RoutingRecord) -> Void
    ) async throws {
        try await tell(limit > 0 ? Array(now.providers.prefix(limit)) : now.providers, onFound)
    }

    func findPeer(_ peer: PeerID, onFound: @escaping @Sendable (RoutingRecord) -> Void) async throws {
        try await tell(now.peers[peer] ?? [], onFound)
    }

    func closestPeers(
        to key: [UInt8], onStep: @escaping @Sendable (QueryEvent) -> Void
    ) async throws -> [RoutingRecord] {
        try await tell(now.steps, onStep)
        return now.closest
    }

    func value(of key: [UInt8]) async throws -> [UInt8]? {
        if now.valuePause > .zero { try await executor.sleep(for: now.valuePause) }
        if let failure = now.failure { throw failure }
        return now.values[key]
    }

    func put(_ value: [UInt8], key: [UInt8]) async throws -> [PeerID] {
        if let failure = now.putFailure { throw failure }
        content.withLock { $0.values[key] = value }
        return now.takers
    }

    func provide(_ cid: CID) async throws -> [PeerID] {
        content.withLock { $0.provided.append(cid) }
        return now.takers
    }

    func beginProviding(_ cid: CID) async throws { content.withLock { $0.begun.append(cid) } }
}

/// A node with a few blocks, which come a second after they are asked for unless they are here already.
final class FakeNode: DelegateNode {
    let profile: DelegateProfile
    let connectedPeers: [(id: PeerID, address: String)]
    private let executor: LoopExecutor
    private let remote: [CID: Block]
    private let local = Mutex<Set<CID>>([])
    private let dials = Mutex<[Multiaddr]>([])

    init(_ peer: PeerID, blocks: [Block], on executor: LoopExecutor) {
        self.executor = executor
        remote = Dictionary(blocks.map { ($0.cid, $0) }) { first, _ in first }
        profile = DelegateProfile(
            id: peer, publicKey: [8, 1, 18, 0], addresses: ["/ip4/192.0.2.7/tcp/4001/p2p/\(peer)"],
            agentVersion: "waystation/1", protocolVersion: "ipfs/0.1.0", protocols: ["/ipfs/ping/1.0.0"],
            version: "1.2.3")
        connectedPeers = [(peer, "/ip4/192.0.2.8/tcp/4001")]
    }

    var dialled: [Multiaddr] { dials.withLock { $0 } }

    func connect(to peer: PeerID, at addresses: [Multiaddr]) async throws {
        dials.withLock { $0 += addresses }
    }

    func block(_ cid: CID, for client: IPAddress?, isLocal: Bool) async throws -> Block {
        guard let block = remote[cid] else { throw BitswapError(.notFound, "no peer has \(cid)") }
        if local.withLock({ $0.contains(cid) }) { return block }
        guard !isLocal else { throw BitswapError(.notFound, "\(cid) is not here") }
        try await executor.sleep(for: .seconds(1))
        local.withLock { _ = $0.insert(cid) }
        return block
    }
}

/// A delegate with both, on a simulated loop.
struct Scene {
    let simulation: Simulation
    let router: FakeRouter
    let node: FakeNode
    let delegate: Delegate

    init(
        _ simulation: Simulation, blocks: [Block] = [], gate: PeerGate? = nil,
        _ adjust: (inout DelegateSettings) -> Void = { _ in }
    ) throws {
        self.simulation = simulation
        var settings = DelegateSettings()
        adjust(&settings)
        router = FakeRouter(on: simulation.executor)
        node = FakeNode(try simulation.makeIdentity().peerID, blocks: blocks, on: simulation.executor)
        delegate = Delegate(router: router, node: node, settings: settings, gate: gate, clock: simulation.clock)
    }

    /// What came of a request.
    struct Answer: Sendable {
        let response: DelegateResponse
        /// The parts of the body, with the seconds after which each came.
        let parts: [(text: String, seconds: Int64)]
        let trailers: HTTPFields?

        var status: Int { response.status.code }
        var text: String { parts.map(\.text).joined() }
        var lines: [String] { text.split(separator: "\n").map(String.init) }
        func header(_ name: String) -> String? { HTTPField.Name(name).flatMap { response.headers[$0] } }
    }

    /// Sends a request and reads the whole answer.
    func send(
        _ method: String, _ target: String, _ headers: [String: String] = [:], body: [UInt8] = [], host: String = ""
    ) throws -> Answer {
        var sent = Self.request(method, target, headers, body)
        sent.host = host
        let (delegate, executor, request) = (delegate, simulation.executor, sent)
        return try simulation.perform {
            let start = executor.now
            let response = await delegate.respond(to: request, on: executor)
            var parts: [(String, Int64)] = []
            func note(_ bytes: ByteBuffer) {
                parts.append((String(buffer: bytes), (executor.now - start).nanoseconds / 1_000_000_000))
            }
            switch response.body {
            case .bytes(let bytes):
                note(bytes)
                return Answer(response: response, parts: parts, trailers: nil)
            case .stream(let stream):
                while true {
                    switch await stream.next() {
                    case .bytes(let bytes): note(bytes)
                    case .end(let trailers): return Answer(response: response, parts: parts, trailers: trailers)
                    }
                }
            }
        }
    }

    static func request(
        _ method: String, _ target: String, _ headers: [String: String], _ body: [UInt8] = []
    ) -> DelegateRequest {
        let parts = target.split(separator: "?", maxSplits: 1)
        var fields = HTTPFields()
        for (name, value) in headers {
            if let name = HTTPField.Name(name) { fields[name] = value }
        }
        return DelegateRequest(
            method: HTTPRequest.Method(method) ?? .get, path: String(parts[0]),
            query: parts.count > 1 ? String(parts[1]) : "", headers: fields, body: ByteBuffer(bytes: body))
    }
}
