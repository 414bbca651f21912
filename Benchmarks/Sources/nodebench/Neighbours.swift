import Multiformats
import Neighbourhood

/// DHT servers on loopback which fill the routing table of the server under measurement, so that answers are full.
struct Neighbours {
    private let all: [Neighbour]

    static func join(_ server: Server, count: Int) async throws -> Neighbours {
        var all: [Neighbour] = []
        for _ in 0..<count { all.append(try await Neighbour.join([server.address])) }
        // The server takes a peer in when it has identified and asked it: ask until its answers are full.
        for _ in 0..<200 {
            var probe = Figures()
            try await measureFindNode(server, streams: 1, seconds: 0.05, into: &probe)
            if probe.findNodeAnswer > 900 { break }
            try await all[0].host.home.sleep(for: .milliseconds(50))
        }
        return Neighbours(all: all)
    }

    func leave() async {
        for neighbour in all { await neighbour.leave() }
    }
}
