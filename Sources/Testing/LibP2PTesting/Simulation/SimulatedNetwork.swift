import LibP2PCore
public import LibP2PIdentity
public import LibP2PTransports
public import Multiformats
import NIOCore
import Synchronization

/// The network of a ``Simulation``: memory links with latency, loss, partitions and nodes that vanish, all by chance
/// from the simulation's seed.
///
/// Connections are reliable, as TCP is: a lost parcel comes later, not never. What a partition swallows never comes.
public final class SimulatedNetwork: Sendable {
    /// How the links behave.
    public struct Weather: Sendable {
        /// The time a parcel is under way, drawn anew for each one.
        public var latency: ClosedRange<Duration>
        /// The chance, from 0 to 1, that a parcel has to be sent again.
        public var loss: Double
        /// What sending again costs each time.
        public var retransmission: Duration
        /// The chance, from 0 to 1, that a call does not get through.
        public var failedCalls: Double

        /// Describes links.
        public init(
            latency: ClosedRange<Duration> = .milliseconds(20) ... .milliseconds(80), loss: Double = 0,
            retransmission: Duration = .milliseconds(200), failedCalls: Double = 0
        ) {
            self.latency = latency
            self.loss = loss
            self.retransmission = retransmission
            self.failedCalls = failedCalls
        }
    }

    private let sky: SimulatedSky

    /// What the nodes' transports connect through.
    public let memory: MemoryNetwork

    init(random: RandomSource, loop: SimulatedLoop) {
        sky = SimulatedSky(random: random, loop: loop)
        memory = MemoryNetwork(conditions: sky)
    }

    /// How the links behave from now on.
    public var weather: Weather {
        get { sky.state.withLock { $0.weather } }
        set { sky.state.withLock { $0.weather = newValue } }
    }

    /// A transport for a node of this network; see `MemoryTransport`.
    public func transport(for identity: PublicKey, host: IPAddress? = nil) -> MemoryTransport {
        MemoryTransport(network: memory, identity: identity, host: host)
    }

    /// Lets no parcel through between the groups from now on; who is in none of them reaches all. Connections between
    /// the groups break, and their ends find out when their patience ends.
    public func partition(_ groups: [[PeerID]]) {
        sky.state.withLock { state in
            state.group = [:]
            for (index, group) in groups.enumerated() {
                for peer in group { state.group[peer] = index }
            }
        }
        memory.breakLinks { sky.isCut($0, $1) }
    }

    /// Ends the partition. Connections that broke stay broken.
    public func heal() { sky.state.withLock { $0.group = [:] } }

    /// Takes a node off the network.
    ///
    /// - Parameter silently: as if its power failed, so that the others find out when their patience ends; else as if its
    ///   process ended, so that they learn of it at once.
    public func remove(_ peer: PeerID, silently: Bool = false) {
        if silently {
            _ = sky.state.withLock { $0.gone.insert(peer) }
            memory.breakLinks { $0 == peer || $1 == peer }
        } else {
            memory.remove(peer)
        }
    }

    /// A number made of all parcels so far: their times, senders and receivers. Two runs with equal ones went the same
    /// way.
    public var fingerprint: UInt64 { sky.state.withLock { $0.fingerprint } }

    /// How many parcels were sent so far.
    public var parcelCount: Int { sky.state.withLock { $0.parcelCount } }
}

/// Decides what happens to parcels.
private final class SimulatedSky: MemoryConditions {
    struct State {
        var weather = SimulatedNetwork.Weather()
        var group: [PeerID: Int] = [:]
        var gone: Set<PeerID> = []
        var fingerprint: UInt64 = 0xcbf2_9ce4_8422_2325
        var parcelCount = 0
    }

    let state = Mutex(State())
    private let random: RandomSource
    private let loop: SimulatedLoop

    init(random: RandomSource, loop: SimulatedLoop) {
        self.random = random
        self.loop = loop
    }

    func isCut(_ left: PeerID, _ right: PeerID) -> Bool {
        state.withLock { state in
            if state.gone.contains(left) || state.gone.contains(right) { return true }
            guard let one = state.group[left], let other = state.group[right] else { return false }
            return one != other
        }
    }

    func connects(_ dialer: PeerID, to listener: PeerID) -> Bool {
        let chance = state.withLock { $0.weather.failedCalls }
        return !isCut(dialer, listener) && !happens(chance)
    }

    func delay(from sender: PeerID, to receiver: PeerID) -> Duration? {
        guard !isCut(sender, receiver) else { return nil }
        let weather = state.withLock { $0.weather }
        var generator = random.generator
        let range = weather.latency
        var delay = Duration.nanoseconds(
            Int64.random(in: range.lowerBound.nanoseconds...range.upperBound.nanoseconds, using: &generator))
        var again = weather.retransmission
        // After ten losses in a row a link counts as good again: the delay is minutes by then.
        for _ in 0..<10 {
            guard happens(weather.loss) else { break }
            delay += again
            again += again
        }
        note(delay, sender, receiver)
        return delay
    }

    private func happens(_ chance: Double) -> Bool {
        guard chance > 0 else { return false }
        var generator = random.generator
        return Double.random(in: 0..<1, using: &generator) < chance
    }

    private func note(_ delay: Duration, _ sender: PeerID, _ receiver: PeerID) {
        let time = loop.now.uptimeNanoseconds
        state.withLock { state in
            state.parcelCount += 1
            var hash = state.fingerprint
            func mix(_ value: UInt64) { hash = (hash ^ value) &* 0x100_0000_01b3 }
            mix(time)
            mix(UInt64(bitPattern: delay.nanoseconds))
            for byte in sender.bytes.suffix(8) { mix(UInt64(byte)) }
            for byte in receiver.bytes.suffix(8) { mix(UInt64(byte)) }
            state.fingerprint = hash
        }
    }
}
