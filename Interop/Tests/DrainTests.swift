import Foundation
import Testing

extension RealPeers {
    /// How a node ends that others still use.
    @Suite(.timeLimit(.minutes(3)))
    struct DrainTests {
        /// What the contract allows, and what a busy machine may take besides.
        private static let limit = Duration.seconds(10 + 5)

        @Test func openConnectionsEndWithTheNodeAndNothingIsLost() async throws {
            try await Lab.open { lab in
                let dataFolder = lab.path("data")
                let node = try await lab.node(dataFolder: dataFolder)
                let nodeID = try TestAddress.peerID(node.id)
                let daemon = try await lab.daemon()
                try await daemon.connect(nodeID, [try TestAddress.multiaddr(try node.address())])
                let stream = try await MessageStream.open(daemon, nodeID)
                let content = TestContent.multihash("content")
                try await stream.addProvider(content, daemon.idBytes, daemon.addressBytes)
                #expect(try await stream.providers(content).map(\.id) == [daemon.idBytes])

                let start = ContinuousClock().now
                #expect(try await node.stop() == 0)
                #expect(ContinuousClock().now - start < Self.limit)
                try await stream.socket.waitForEnd()

                // It was written at the end at the latest.
                let again = try await lab.node(dataFolder: dataFolder)
                try await daemon.connect(nodeID, [try TestAddress.multiaddr(try again.address())])
                let questions = try await MessageStream.open(daemon, nodeID)
                #expect(try await questions.providers(content).map(\.id) == [daemon.idBytes])
            }
        }

        @Test func aRequestThatDoesNotEndIsCutOff() async throws {
            try await Lab.open { lab in
                let node = try await lab.node()
                let request = try await HTTPAnswer.hold(node.http, "/")
                let start = ContinuousClock().now
                node.process.signal(SIGTERM)
                try await eventually("the node says that it drains") {
                    try await HTTPAnswer.get(node.admin, "/readyz").status == 503 ? true : nil
                }
                // It says so first, that others are sent elsewhere; a moment later it takes nobody in any more.
                for port in [try node.port(), try node.port(webSocket: true)] {
                    try await eventually("nobody is taken in at port \(port)") {
                        guard let socket = try? await Socket.connect(port: port) else { return true }
                        await socket.close()
                        return nil
                    }
                }
                #expect(try await HTTPAnswer.get(node.admin, "/healthz").status == 200)
                #expect(try await node.process.status(within: Self.limit) == 0)
                #expect(ContinuousClock().now - start < Self.limit)
                try await request.waitForEnd()
            }
        }

        @Test(arguments: [SIGTERM, SIGINT]) func aSecondSignalEndsTheNodeAtOnce(signal: Int32) async throws {
            try await Lab.open { lab in
                let node = try await lab.node()
                let request = try await HTTPAnswer.hold(node.http, "/")
                node.process.signal(SIGTERM)
                try await eventually("the node says that it drains") {
                    try await HTTPAnswer.get(node.admin, "/readyz").status == 503 ? true : nil
                }
                let start = ContinuousClock().now
                // One that comes too soon counts to the first: it is how a supervisor's stop arrives twice.
                let status = try await eventually("the node ends") {
                    node.process.signal(signal)
                    return try await node.process.status(within: .milliseconds(300))
                }
                #expect(status == 128 + signal)
                #expect(ContinuousClock().now - start < .seconds(5))
                await request.close()
            }
        }
    }
}
