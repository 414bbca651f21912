import HTTPTypes
import LibP2PBitswap
import LibP2PCore
import NIOCore

/// The part of kubo's RPC that delegates served in 2020, and that clients of then still ask for. No other route of kubo's
/// exists here.
struct RPCAPI {
    static let prefix = "/api/v0/"

    let delegate: Delegate
    let executor: LoopExecutor

    func respond(to request: DelegateRequest) async -> DelegateResponse {
        let isAllowed = isAllowed(request)
        var response = await respond(to: request, isAllowed: isAllowed)
        guard isAllowed else { return response }
        // Where there is no route too: a page may know that, rather than nothing at all.
        response.headers[.accessControlAllowOrigin] = allowedOrigin(request)
        response.headers[.accessControlExposeHeaders] = Self.exposed
        if response.headers[.accessControlAllowHeaders] == nil {
            response.headers[.accessControlAllowHeaders] = Self.exposed
        }
        response.headers[.vary] = "Origin"
        return response
    }

    private func respond(to request: DelegateRequest, isAllowed: Bool) async -> DelegateResponse {
        guard let parts = request.parts(behind: Self.prefix), let route = Route(rawValue: parts.joined(separator: "/"))
        else { return DelegateResponse(.notFound, text: "404 page not found") }
        guard isAllowed else { return DelegateResponse(.forbidden, text: "403 - Forbidden") }
        switch request.method {
        case .options: return Self.preflight
        case .post: return await answer(route, request)
        default:
            var response = DelegateResponse(.methodNotAllowed, text: "405 - Method Not Allowed")
            response.headers[.allow] = "OPTIONS, POST"
            return response
        }
    }

    /// The routes.
    enum Route: String, CaseIterable {
        case findProviders = "dht/findprovs"
        case findPeer = "dht/findpeer"
        case query = "dht/query"
        case provide = "dht/provide"
        case get = "dht/get"
        case put = "dht/put"
        case refs
        case blockStat = "block/stat"
        case blockGet = "block/get"
        case id
        case version
        case swarmPeers = "swarm/peers"
        case swarmConnect = "swarm/connect"

        init?(rawValue: String) {
            // Today's kubo has the same commands under another name.
            let name = rawValue.hasPrefix("routing/") ? "dht/" + rawValue.dropFirst(8) : rawValue
            guard let route = Self.allCases.first(where: { $0.rawValue == name }) else { return nil }
            self = route
        }
    }

    /// Whether a path is one that today's kubo no longer has: who calls it is of 2020, and lost with the first address that
    /// it cannot read.
    private static func isOld(_ path: String) -> Bool { path.hasPrefix(prefix + "dht/") }

    private func answer(_ route: Route, _ request: DelegateRequest) async -> DelegateResponse {
        do {
            let arguments = try RPCArguments(request.query)
            var deadline = delegate.settings.deadline
            if let own = try arguments.duration("timeout"), own > .zero { deadline = min(deadline, own) }
            let call = RPCCall(
                delegate: delegate, executor: executor, request: request, arguments: arguments, deadline: deadline,
                vocabulary: Self.isOld(request.path) ? .year2020 : .current)
            switch route {
            case .findProviders: return try await call.findProviders()
            case .findPeer: return try await call.findPeer()
            case .query: return try await call.query()
            case .provide: return try await call.provide()
            case .get: return try await call.get()
            case .put: return try await call.put()
            case .refs: return try await call.refs()
            case .blockStat: return try await call.blockStat()
            case .blockGet: return try await call.blockGet()
            case .id: return try call.id()
            case .version: return call.version()
            case .swarmPeers: return call.swarmPeers()
            case .swarmConnect: return try await call.swarmConnect()
            }
        } catch {
            return Self.failure(error)
        }
    }

    /// An error before anything was sent.
    static func failure(_ error: any Error) -> DelegateResponse {
        let code = RPCFailure(error)
        let body = RPCAnswer.failure(message(of: error), code: code)
        // Kubo has no failure of this kind, so the status alone tells.
        let isUnknown = (error as? RoutingError)?.code == .unauthorized
        let status = isUnknown ? .unauthorized : HTTPResponse.Status(code: code.status)
        var response = DelegateResponse(status, type: "application/json", body)
        if code == .rateLimited { response.headers[.retryAfter] = "1" }
        return response
    }

    static func message(of error: any Error) -> String {
        switch error {
        case let error as RoutingError: error.message
        case let error as BitswapError: error.message
        case let error as NetworkError where error.code == .timeout: "context deadline exceeded"
        case let error as NetworkError: error.message
        default: "\(error)"
        }
    }

    // MARK: Origins

    /// A web page's origin must be among those that are allowed, if the operator named any.
    private func isAllowed(_ request: DelegateRequest) -> Bool {
        guard let allowed = delegate.settings.allowedOrigins else { return true }
        if let origin = request.headers[.origin] { return allowed.contains(origin) }
        if let page = request.headers[.referer] {
            return allowed.contains { page == $0 || page.hasPrefix($0 + "/") }
        }
        // A browser that hides where it comes from.
        let agent = request.headers[.userAgent] ?? ""
        return !agent.hasPrefix("Mozilla") || agent.contains("Electron")
    }

    private func allowedOrigin(_ request: DelegateRequest) -> String? {
        delegate.settings.allowedOrigins == nil ? "*" : request.headers[.origin]
    }

    private static let exposed = "X-Stream-Output, X-Chunked-Output, X-Content-Length"

    private static var preflight: DelegateResponse {
        DelegateResponse(
            .noContent,
            headers: [
                .accessControlAllowMethods: "POST, OPTIONS",
                .accessControlAllowHeaders: "Authorization, Content-Type, User-Agent, " + exposed,
                .accessControlMaxAge: "86400",
            ])
    }
}

extension RPCFailure {
    init(_ error: any Error) {
        switch error {
        case let error as RoutingError: self.init(error.code)
        case let error as BitswapError where error.code == .limitReached: self = .rateLimited
        default: self = .normal
        }
    }
}
