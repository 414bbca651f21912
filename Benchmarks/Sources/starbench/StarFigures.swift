import Foundation
import Measuring

/// What was measured with one number of peers.
struct StarFigures {
    var connectionsPerSecond = 0.0
    var processorPerConnection = 0.0
    var joinsPerSecond = 0.0
    var processorPerJoin = 0.0
    var announcements = 0
    var processorPerAnnouncement = 0.0
    var roundTripsPerSecond = 0.0
    var processorPerRoundTrip = 0.0
    var roundTrip = Percentiles([])
    var memoryPerPeer = 0.0
    var memory = 0.0
    var idleShare = 0.0
    var idleAnnouncementsPerSecond = 0.0

    var lines: [(String, String)] {
        func number(_ value: Double, _ digits: Int = 0) -> String { String(format: "%.\(digits)f", value) }
        return [
            ("connections opened, /s", number(connectionsPerSecond)),
            ("processor for each connection, µs", number(processorPerConnection)),
            ("joins until all are announced, /s", number(joinsPerSecond)),
            ("processor for each join, µs", number(processorPerJoin)),
            ("announcements in that, delivered", "\(announcements)"),
            ("processor for each announcement delivered, µs", number(processorPerAnnouncement, 2)),
            ("memory for each connected peer, KiB", number(memoryPerPeer / 1024, 1)),
            ("resident in all, MiB", number(memory / 1_048_576)),
            ("idle: part of one core, %", number(idleShare * 100, 1)),
            ("idle: announcements refreshed, /s", number(idleAnnouncementsPerSecond)),
            ("handshake round trips, /s", number(roundTripsPerSecond)),
            ("processor for each round trip, µs", number(processorPerRoundTrip, 1)),
            ("round trip p50, ms", number(roundTrip.p50 / 1000, 2)),
            ("round trip p99, ms", number(roundTrip.p99 / 1000, 2)),
        ]
    }
}

extension StarBench {
    /// Connections or joins that are under way at a time.
    private static let window = 256
    /// Round trips under way at a time.
    private static let offers = 64
    /// Two refreshes of the default interval.
    private static let idleTime = 20.0
    private static let roundTripTime = 8.0
    /// Longer than any step takes that a server can take at all.
    private static let patience = 180.0

    static func measure(_ server: MeasuredProcess, _ endpoint: StarEndpoint, peers: Int) throws -> StarFigures {
        // What the server needs for the first of anything is not what it needs for each.
        var (ignored, figures) = (StarFigures(), StarFigures())
        let crowd = Crowd(endpoint)
        let first = max(16, peers / 10)
        try connect(crowd, first, server, &ignored)
        try join(crowd, server, &ignored)

        let empty = server.memory
        try connect(crowd, peers - first, server, &figures)
        try join(crowd, server, &figures)
        try idle(crowd, seconds: idleTime, server, &figures)
        figures.memory = server.memory
        figures.memoryPerPeer = (figures.memory - empty) / Double(peers - first)
        try roundTrips(crowd, server, &figures)
        return figures
    }

    private static func connect(
        _ crowd: Crowd, _ count: Int, _ server: MeasuredProcess, _ figures: inout StarFigures
    ) throws {
        let (start, processor) = (microseconds(), server.processorTime)
        var (added, connected) = (0, 0)
        while connected < count {
            while added < count, added - connected < window {
                try crowd.add()
                added += 1
            }
            try crowd.serve(milliseconds: 100) { _, notice in
                if case .connected = notice { connected += 1 }
            }
            try check(start, "\(connected) of \(count) connected")
        }
        figures.connectionsPerSecond = Double(count) / (microseconds() - start) * 1e6
        figures.processorPerConnection = (server.processorTime - processor) / Double(count)
    }

    /// All that have not joined do, and the time runs until the first peer has heard of them all; what is still on its way
    /// to others then counts for the processor.
    private static func join(_ crowd: Crowd, _ server: MeasuredProcess, _ figures: inout StarFigures) throws {
        let (start, processor, before) = (microseconds(), server.processorTime, crowd.announcements)
        let joining = crowd.peers.filter { !$0.hasJoined }
        let toHear = crowd.peers.count - 1
        var (sent, acknowledged) = (0, 0)
        while acknowledged < joining.count || crowd.heard.count < toHear {
            // The first peer before all others, so that it hears of them.
            while sent < joining.count, sent - acknowledged < window, sent == 0 || acknowledged > 0 {
                let peer = joining[sent]
                guard peer.send(LoadPeer.frame("427[\"ss-join\",\"\(peer.address)\"]")) else {
                    throw BenchmarkError("Peer \(sent) could not write its join.")
                }
                peer.hasJoined = true
                sent += 1
            }
            try crowd.serve(milliseconds: 10) { _, notice in
                if case .acknowledged = notice { acknowledged += 1 }
            }
            try check(start, "\(acknowledged) of \(joining.count) joined, the first heard of \(crowd.heard.count)")
        }
        figures.joinsPerSecond = Double(joining.count) / (microseconds() - start) * 1e6
        try serve(crowd, seconds: 1)
        figures.announcements = crowd.announcements - before
        figures.processorPerJoin = (server.processorTime - processor) / Double(joining.count)
        figures.processorPerAnnouncement =
            (server.processorTime - processor) / Double(max(1, figures.announcements))
    }

    private static func serve(_ crowd: Crowd, seconds: Double) throws {
        let start = microseconds()
        while microseconds() - start < seconds * 1e6 { try crowd.serve(milliseconds: 100) { _, _ in } }
    }

    private static func idle(
        _ crowd: Crowd, seconds: Double, _ server: MeasuredProcess, _ figures: inout StarFigures
    ) throws {
        let (start, processor, before) = (microseconds(), server.processorTime, crowd.announcements)
        try serve(crowd, seconds: seconds)
        let time = microseconds() - start
        figures.idleShare = (server.processorTime - processor) / time
        figures.idleAnnouncementsPerSecond = Double(crowd.announcements - before) / time * 1e6
    }

    /// Peers in pairs: one offers, the other answers, a number of pairs at a time and all in their turn.
    private static func roundTrips(_ crowd: Crowd, _ server: MeasuredProcess, _ figures: inout StarFigures) throws {
        let pairs = crowd.peers.count / 2
        for pair in 0..<pairs {
            let (caller, callee) = (crowd.peers[2 * pair], crowd.peers[2 * pair + 1])
            caller.handshake = handshake(caller, callee, "offer", "")
            callee.handshake = handshake(caller, callee, "answer", ",\"answer\":true")
        }
        var next = 0
        var times: [Double] = []
        func offer() throws {
            let caller = crowd.peers[2 * (next % pairs)]
            next += 1
            caller.offeredAt = microseconds()
            guard caller.send(caller.handshake) else { throw BenchmarkError("An offer could not be written.") }
        }
        var (start, processor) = (microseconds(), server.processorTime)
        var isWarm = false
        for _ in 0..<min(offers, pairs) { try offer() }
        while microseconds() - start < (isWarm ? roundTripTime : 1) * 1e6 || !isWarm {
            if !isWarm, microseconds() - start >= 1e6 {
                isWarm = true
                times = []
                (start, processor) = (microseconds(), server.processorTime)
            }
            try crowd.serve(milliseconds: 100) { number, notice in
                guard case .handshake(let isAnswer) = notice else { return }
                let peer = crowd.peers[number]
                guard isAnswer == number.isMultiple(of: 2) else { throw BenchmarkError("A handshake went astray.") }
                if isAnswer {
                    times.append(microseconds() - peer.offeredAt)
                    try offer()
                } else if !peer.send(peer.handshake) {
                    throw BenchmarkError("An answer could not be written.")
                }
            }
            try check(start, "\(times.count) round trips")
        }
        figures.roundTripsPerSecond = Double(times.count) / (microseconds() - start) * 1e6
        figures.processorPerRoundTrip = (server.processorTime - processor) / Double(max(1, times.count))
        figures.roundTrip = Percentiles(times)
    }

    /// An offer or answer of about the size that browsers write for a data channel: 1 KiB.
    private static func handshake(_ caller: LoadPeer, _ callee: LoadPeer, _ type: String, _ more: String) -> [UInt8] {
        LoadPeer.frame(
            "42[\"ss-handshake\",{\"intentId\":\"k3j9x1606762800000\",\"srcMultiaddr\":\"\(caller.address)\","
                + "\"dstMultiaddr\":\"\(callee.address)\",\"signal\":{\"type\":\"\(type)\",\"sdp\":\""
                + String(repeating: "a=candidate:1 1 udp 2113937151 192.0.2.7 53\\r\\n", count: 16) + "\"}\(more)}]")
    }

    private static func check(_ start: Double, _ state: @autoclosure () -> String) throws {
        if microseconds() - start > patience * 1e6 {
            throw BenchmarkError("Not done in \(Int(patience)) s: \(state()).")
        }
    }
}
