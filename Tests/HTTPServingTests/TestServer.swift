import HTTPServing
import Hummingbird
import LibP2PCore
import Logging
import NIOCore
import NIOPosix

/// A server on a free port of loopback while a test's body runs.
func withServer<Result>(
    _ configure: (inout HTTPServer.Configuration) -> Void = { _ in },
    routes: (Router<ConnectionContext>) -> Void = { _ in },
    _ body: (SocketAddress, HTTPServer) async throws -> Result
) async throws -> Result {
    var configuration = HTTPServer.Configuration(name: "test")
    configure(&configuration)
    let group = MultiThreadedEventLoopGroup.singleton
    let page = FrontDoorPage(
        peerID: "12D3KooWTest", agentVersion: "waystation/<test>", addresses: ["/ip4/127.0.0.1/tcp/4001"],
        dhtProtocols: [], isStar: true)
    let router = FrontDoor.router { page }
    routes(router)
    let server = HTTPServer(
        configuration, group: group, loops: LoopGroup(group), responder: router.buildResponder(),
        logger: Logger(label: "test"))
    let address = try await server.start(host: "127.0.0.1", port: 0)
    do {
        let result = try await body(address, server)
        await server.stop(within: .seconds(1))
        return result
    } catch {
        await server.stop(within: .zero)
        throw error
    }
}
