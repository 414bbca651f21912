import Certificates
import LibP2PCore
import LibP2PHost
import Logging
import Multiformats
import NIOCore
import Synchronization

/// Tells peers under which names the front door is reached over TLS: those of the configuration, and those that the peer has
/// by AutoTLS, as long as a certificate that is served is for them.
///
/// A name that `--announce` already tells over TLS is left to the operator, who knows of other ports, as behind a router
/// that forwards one.
final class NodeAnnouncer: Sendable {
    private struct State {
        var ports: [UInt16] = []
        var timer: Scheduled<Void>?
        var isStopped = false
    }

    /// The wall clock may be set, and the machine may sleep: so it is looked at least so often.
    private static let longestWait = Duration.seconds(3600)

    private let host: Host
    private let store: CertificateStore
    private let ownName: AutoTLSName?
    private let names: [String]
    private let logger: Logger
    private let state = Mutex(State())

    /// Makes an announcer for the certificates of `store`.
    ///
    /// - Parameter ownName: the names that the peer has by AutoTLS; nil without it.
    init(
        _ configuration: NodeConfiguration, host: Host, store: CertificateStore, ownName: AutoTLSName?, logger: Logger
    ) {
        self.host = host
        self.store = store
        self.ownName = ownName
        self.logger = logger
        let announced = configuration.announce.filter { address in
            address.protocols.contains { $0 == .tls || $0 == .wss }
        }
        names = configuration.tls.domains.filter { name in
            !announced.contains { $0.hostName?.lowercased() == name }
        }
    }

    /// Tells from now on what is right, with the ports at which TLS is spoken.
    func start(ports: [UInt16]) {
        state.withLock { $0.ports = ports }
        update()
        store.onChange { [weak self] in self?.updateSoon() }
        if ownName != nil { host.addObserver(self) }
        // Whatever changed meanwhile.
        updateSoon()
    }

    /// Tells nothing new any more.
    func stop() {
        let timer = state.withLock { state in
            state.isStopped = true
            defer { state.timer = nil }
            return state.timer
        }
        timer?.cancel()
    }

    /// Compares the certificates with the clock, and tells what follows. Once started, on the host's home loop only.
    private func update() {
        let now = host.clock.now
        let ports: [UInt16]? = state.withLock { $0.isStopped ? nil : $0.ports }
        guard let ports else { return }
        let own = ownName.map { name in (name, host.reached.doors.map { ($0.ip, $0.port) }) }
        let certified = CertifiedAddresses(
            names: names, ports: ports, own: own, credentials: store.credentials, at: now)
        var advertisement = Advertisement()
        advertisement.addresses = certified.addresses
        advertisement.certifiedIPs = certified.ips
        let before = host.advertisement
        host.advertisement = advertisement
        report(from: before.addresses, to: advertisement.addresses, at: now)
        scheduleUpdate(after: certified.nextChange.map { min($0 - now, Self.longestWait) } ?? Self.longestWait)
    }

    private func report(from before: [Multiaddr], to after: [Multiaddr], at now: Timestamp) {
        let told = after.filter { !before.contains($0) }
        if !told.isEmpty {
            logger.notice("addresses over TLS are announced", metadata: ["addresses": "\(told)"])
        }
        let withdrawn = before.filter { !after.contains($0) }
        warn("no valid certificate is for them", of: withdrawn.filter { !isCertified($0, at: now) })
        // The names by AutoTLS of an IP address that the node had.
        warn("the node is not known to be reached there now", of: withdrawn.filter { isCertified($0, at: now) })
    }

    private func warn(_ reason: String, of withdrawn: [Multiaddr]) {
        guard !withdrawn.isEmpty else { return }
        logger.warning(
            "addresses over TLS are announced no more: \(reason)", metadata: ["addresses": "\(withdrawn)"])
    }

    private func isCertified(_ address: Multiaddr, at now: Timestamp) -> Bool {
        let name = address.components.first { $0.proto == .sni }?.text ?? address.hostName ?? ""
        return store.credentials.contains { $0.isValid(at: now) && $0.covers(name) }
    }

    /// Updates on the home loop. It leaves the timer alone: that is the last update's own, and whoever replaced it from
    /// another thread could cancel the one that the update it asks for has just set.
    private func updateSoon() {
        host.home.schedule(after: .zero) { [weak self] in self?.update() }
    }

    private func scheduleUpdate(after time: Duration) {
        let outdated = state.withLock { state -> Scheduled<Void>? in
            guard !state.isStopped else { return nil }
            defer { state.timer = host.home.schedule(after: time) { [weak self] in self?.update() } }
            return state.timer
        }
        outdated?.cancel()
    }
}

extension NodeAnnouncer: NetworkObserver {
    /// The names by AutoTLS follow the node's addresses.
    func selfChanged() { updateSoon() }
}
