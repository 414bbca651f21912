import AsyncHTTPClient
import Certificates
import HTTPServing
import LibP2PCore
import LibP2PHost
import LibP2PIdentity
import LibP2PTransports
import Logging
import Multiformats
import NIOCore
import NIOSSL

/// The certificates of a node's front door: those of files, those that a certificate authority gives for its domains, and the
/// one for the peer's own names by AutoTLS.
final class NodeCertificates: Sendable {
    /// What is served.
    let store: CertificateStore
    /// Those of files; nil without any.
    let reloader: CertificateReloader?
    /// Those of authorities.
    let keepers: [CertificateKeeper]
    /// The names that the peer has by AutoTLS; nil without it.
    let ownName: AutoTLSName?

    private let book: ChallengeBook
    private let ordered: Set<String>
    private let client: HTTPClient?
    private let fleet: RedisFleetStore?
    private let resolver: DNSResolver?

    /// Takes up what files and earlier runs left; nil without TLS.
    ///
    /// - Parameters:
    ///   - makeResolver: makes whom AutoTLS asks whether its record is there, and who must not remember an older one.
    init?(
        _ configuration: NodeConfiguration, identity: PrivateKey, host: Host, makeResolver: () throws -> DNSResolver,
        group: any EventLoopGroup, loops: LoopGroup, logger: Logger
    ) throws {
        guard configuration.tls.isConfigured else { return nil }
        let reloader =
            configuration.tls.files.isEmpty
            ? nil
            : try CertificateReloader(
                configuration.tls.files, for: configuration.tls.domains, protocols: TLSDoor.protocols,
                on: loops.next(), logger: logger)
        self.reloader = reloader
        store = reloader?.store ?? CertificateStore()
        ownName = configuration.autoTLS.map { AutoTLSName(of: identity.peerID, under: $0.domain) }
        let names = configuration.orderedDomains
        let fleet = names.isEmpty ? nil : configuration.star.redis.map { RedisFleetStore($0, on: loops.next()) }
        self.fleet = fleet
        let book = ChallengeBook(fleet: fleet)
        self.book = book
        ordered = Set(names)
        guard !names.isEmpty || ownName != nil else {
            keepers = []
            client = nil
            resolver = nil
            return
        }
        let client = try Self.client(configuration.acme, group: group)
        self.client = client
        let maker = KeeperMaker(
            configuration: configuration, store: store, client: client, book: book, fleet: fleet, host: host,
            loops: loops, logger: logger)
        var keepers = try names.enumerated().map { try maker.keeper(of: $1, number: $0) }
        let resolver = ownName == nil ? nil : try makeResolver()
        self.resolver = resolver
        if let autoTLS = configuration.autoTLS, let ownName, let resolver {
            keepers.append(try maker.keeper(of: ownName, autoTLS, identity: identity, resolver: resolver))
        }
        self.keepers = keepers
    }

    /// Obtains, renews and reloads from now on.
    func start() {
        reloader?.start()
        for keeper in keepers { keeper.start() }
    }

    /// Ends what is under way.
    func stop() async {
        reloader?.stop()
        for keeper in keepers { await keeper.stop() }
        try? await client?.shutdown()
        await fleet?.close()
        await resolver?.shutdown()
    }

    /// How the front door speaks TLS with them.
    var door: TLSDoor {
        let (store, book, ordered) = (store, book, ordered)
        return TLSDoor(
            challengeProtocol: ChallengeCertificate.applicationProtocol,
            challenge: { hello in
                guard let name = hello.serverName, ordered.contains(name) else { return nil }
                return await book.context(for: name)
            },
            context: { store.credentials(for: $0.serverName, at: WallClock.system.now)?.context })
    }

    /// What the file of a challenge by HTTP-01 holds.
    func challengeFile(_ token: String) async -> String? { ordered.isEmpty ? nil : await book.file(token) }

    /// A client that believes the authority's own roots, where they are given.
    private static func client(_ acme: ACMEConfiguration, group: any EventLoopGroup) throws -> HTTPClient {
        var configuration = HTTPClient.Configuration()
        configuration.timeout.connect = .seconds(10)
        configuration.redirectConfiguration = .disallow
        if let path = acme.rootsFile {
            var tls = NIOSSL.TLSConfiguration.makeClientConfiguration()
            do {
                tls.trustRoots = .certificates(try NIOSSLCertificate.fromPEMFile(path))
            } catch {
                throw NodeError(
                    .configuration, "--acme-ca \(path) must be a PEM file of certificates", cause: error)
            }
            configuration.tlsConfiguration = tls
        }
        return HTTPClient(eventLoopGroupProvider: .shared(group), configuration: configuration)
    }
}

/// Makes what keeps a certificate.
private struct KeeperMaker {
    let configuration: NodeConfiguration
    let store: CertificateStore
    let client: HTTPClient
    let book: ChallengeBook
    let fleet: (any FleetStore)?
    let host: Host
    let loops: LoopGroup
    let logger: Logger

    /// For one of the node's domains.
    func keeper(of domain: String, number: Int) throws -> CertificateKeeper {
        var settings = settings(names: [domain], source: .authority(number))
        settings.fleet = fleet.map { CertificateFleet($0, owner: host.localPeer.description) }
        let executor = loops.next()
        let solver: any ChallengeSolver =
            if configuration.acme.challenge == .dns01, let hook = configuration.acme.dnsHook {
                HookSolver(program: hook, on: executor)
            } else {
                FrontDoorSolver(configuration.acme.challenge, book: book)
            }
        return try CertificateKeeper(
            settings, store: store, client: client, userAgent: Version.agent, solver: solver, isReady: { true },
            on: executor, logger: logger)
    }

    /// For the peer's own names.
    func keeper(
        of name: AutoTLSName, _ autoTLS: AutoTLSConfiguration, identity: PrivateKey, resolver: any NameResolver
    ) throws -> CertificateKeeper {
        let executor = loops.next()
        let host = host
        let broker = try AutoTLSBroker(
            url: autoTLS.broker, identity: identity, token: autoTLS.token, client: client, userAgent: Version.agent)
        let addresses: @Sendable () -> [Multiaddr] = { host.reached.dialable }
        let publisher = AutoTLSPublisher(
            name: name, broker: broker, resolver: resolver, on: executor, addresses: addresses)
        return try CertificateKeeper(
            settings(names: [name.wildcard], source: .autoTLS), store: store, client: client, userAgent: Version.agent,
            solver: AutoTLSSolver(publisher), isReady: { !addresses().isEmpty }, on: executor, logger: logger)
    }

    private func settings(names: [String], source: CertificateStore.Source) -> CertificateKeeper.Configuration {
        var settings = CertificateKeeper.Configuration(
            names: names, directory: configuration.acme.directory,
            folder: configuration.dataFolder + "/certificates", protocols: TLSDoor.protocols)
        settings.contact = configuration.acme.email
        settings.external = configuration.acme.externalAccount
        settings.source = source
        return settings
    }
}

extension Host {
    /// Where this node is reached from outside, by the operator's word and by what it knows itself.
    var reached: ReachedAddresses {
        ReachedAddresses(
            announced: configuration.announcedAddresses, listening: listenAddresses, reachable: reachableAddresses,
            allowsPrivate: configuration.allowsPrivateAddresses)
    }
}
