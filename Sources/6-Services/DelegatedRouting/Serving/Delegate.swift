import HTTPTypes
public import LibP2PCore
public import Logging

/// The delegate: answers browsers and phones what they would ask a DHT, by the two APIs that they speak.
///
/// `/routing/v1/…` is Delegated Routing V1, `/api/v0/…` the part of kubo's RPC that delegates of 2020 served. It knows
/// neither the DHT, which stands behind ``Router``, nor the web server: the node's room joins them.
public struct Delegate: Sendable {
    let router: any Router
    let node: any DelegateNode
    let settings: DelegateSettings
    let gate: PeerGate?
    let clock: WallClock
    let logger: Logger

    /// Makes a delegate.
    ///
    /// - Parameter gate: for what publishes or dials; nil for no peer in particular.
    public init(
        router: any Router, node: any DelegateNode, settings: DelegateSettings = DelegateSettings(),
        gate: PeerGate? = nil, clock: WallClock = .system, logger: Logger = Logger(label: "waystation.delegate")
    ) {
        self.router = router
        self.node = node
        self.settings = settings
        self.gate = gate
        self.clock = clock
        self.logger = logger
    }

    /// Whether a path is the delegate's.
    public static func serves(_ path: String) -> Bool {
        path.hasPrefix(RoutingAPI.prefix) || path.hasPrefix(RPCAPI.prefix)
    }

    /// Answers a request for a path of the delegate.
    ///
    /// - Parameter executor: that of the loop on which the request came.
    public func respond(to request: DelegateRequest, on executor: LoopExecutor) async -> DelegateResponse {
        guard let gate else { return await answer(request, on: executor) }
        var request = request
        request.judgement = gate.judge(request, at: clock.now)
        var response = await answer(request, on: executor)
        gate.complete(&response, to: request, at: clock.now)
        return response
    }

    private func answer(_ request: DelegateRequest, on executor: LoopExecutor) async -> DelegateResponse {
        if request.path.hasPrefix(RoutingAPI.prefix) {
            return await RoutingAPI(delegate: self, executor: executor).respond(to: request)
        }
        return await RPCAPI(delegate: self, executor: executor).respond(to: request)
    }

    /// Refuses what the operator switched off or keeps for holders of the token and for certain peers.
    func authorize(_ request: DelegateRequest, _ isOpen: Bool) throws(RoutingError) {
        guard isOpen else { throw RoutingError(.forbidden, "this is switched off here") }
        guard settings.token != nil || gate != nil else { return }
        if let token = settings.token, let given = request.headers[.authorization],
            Self.isEqual(given, "Bearer " + token)
        {
            return
        }
        guard let gate else {
            throw RoutingError(.forbidden, "this needs the node's token: send Authorization: Bearer …")
        }
        try gate.pass(request.judgement)
    }

    /// Compares without telling by its time how much was right.
    private static func isEqual(_ left: String, _ right: String) -> Bool {
        let (left, right) = (Array(left.utf8), Array(right.utf8))
        guard left.count == right.count else { return false }
        return zip(left, right).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }
}
