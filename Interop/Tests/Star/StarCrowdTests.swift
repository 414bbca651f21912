import Testing

extension RealPeers {
    /// A full star in one node, with its peers in processes of their own.
    @Suite(.timeLimit(.minutes(8)))
    struct StarCrowdTests {
        static let peers = 10_000
        static let processes = 2
        /// Peers of a process that join at a time.
        static let wave = 500
        static let refresh = 4
        /// Peers that are told of at a refresh: 256, one of which may be the one that is told.
        static let window = 255

        @Test func tenThousandPeersForTwoRefreshRounds() async throws {
            try await Lab.open { lab in
                let node = try await lab.node([
                    "--star-refresh", "\(Self.refresh)s", "--star-max-peers", "\(Self.peers + 10)",
                ])
                let share = Self.peers / Self.processes
                var crowds: [StarCrowd] = []
                for _ in 0..<Self.processes { crowds.append(try await lab.crowd()) }
                try await Self.all(crowds) { number, crowd in
                    try await crowd.connect(node, first: number * share, count: share, within: 150)
                }
                try await Self.all(crowds) { _, crowd in try await crowd.join(share, wave: Self.wave, within: 150) }
                // The last joins are announced before the rounds are counted.
                _ = try await Self.all(crowds) { _, crowd in try await crowd.watch(seconds: 1) }

                // Half of an interval more than two rounds, for what is under way at both ends.
                let seconds = Self.refresh * 2 + Self.refresh / 2
                let reports = try await Self.all(crowds) { _, crowd in try await crowd.watch(seconds: seconds) }
                for report in reports {
                    #expect(report["lost"] == 0, "\(report)")
                    #expect(report["peers"]?.double == Double(share))
                    #expect(report["fewest"]?.double ?? 0 >= Double(2 * Self.window), "\(report)")
                    // On a busy machine what earlier rounds sent may come now; without windows it were 20,000.
                    #expect(report["most"]?.double ?? .infinity <= Double(12 * Self.window), "\(report)")
                    for listener in report["heard"]?.array ?? [] {
                        // The window moves on, so that all come round.
                        #expect(listener["distinct"]?.double ?? 0 >= Double(2 * Self.window), "\(listener)")
                        #expect(listener["self"] == .bool(false))
                    }
                }
                // In all of this two newcomers find each other at once.
                let pair = try await lab.starPeers([.webSocket4, .webSocket5], at: node)
                for peer in pair { try await peer.join() }
                try await pair[0].hears(of: pair[1].address)
                try await pair[1].exchange(with: pair[0])
            }
        }

        /// Does the same with all processes at once.
        @discardableResult
        private static func all<Answer: Sendable>(
            _ crowds: [StarCrowd], _ body: @escaping @Sendable (Int, StarCrowd) async throws -> Answer
        ) async throws -> [Answer] {
            try await withThrowingTaskGroup(of: Answer.self) { group in
                for (number, crowd) in crowds.enumerated() {
                    group.addTask { try await body(number, crowd) }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
        }
    }
}
