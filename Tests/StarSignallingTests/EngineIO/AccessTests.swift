import HTTPTypes
import Multiformats
import Testing

@testable import StarSignalling

@Suite("Who may come")
struct AccessTests {
    @Test("any page may, and is named, so that pages that send credentials may read")
    func anyOrigin() throws {
        let world = EngineWorld()
        let exchange = world.request("GET", "EIO=4&transport=polling") { $0.origin = "https://app.example" }
        let headers = try #require(exchange.answer?.headers)
        #expect(headers[.accessControlAllowOrigin] == "https://app.example")
        #expect(headers[.accessControlAllowCredentials] == "true")
        let bare = world.request("GET", "EIO=4&transport=polling")
        #expect(bare.answer?.headers[.accessControlAllowOrigin] == "*")
    }

    @Test("a refusal may be read by pages too")
    func refusal() {
        let exchange = EngineWorld().request("GET", "EIO=4") { $0.origin = "https://app.example" }
        #expect(exchange.answer?.headers[.accessControlAllowOrigin] == "https://app.example")
    }

    @Test("a preflight is answered")
    func preflight() throws {
        let exchange = EngineWorld().request("OPTIONS", "EIO=4&transport=polling&sid=x") {
            $0.origin = "https://app.example"
            $0.requestedHeaders = "content-type, x-mine"
        }
        #expect(exchange.status == 204)
        let headers = try #require(exchange.answer?.headers)
        #expect(headers[.accessControlAllowMethods] == "GET, POST, OPTIONS")
        #expect(headers[.accessControlAllowHeaders] == "content-type, x-mine")
        #expect(headers[.accessControlAllowOrigin] == "https://app.example")
        #expect(exchange.body == "")
    }

    @Test("only pages that are named may, when any is named")
    func allowedOrigins() throws {
        var settings = EngineSettings()
        settings.allowedOrigins = ["https://app.example"]
        let world = EngineWorld(settings)
        let query = "EIO=4&transport=polling"
        #expect(world.request("GET", query) { $0.origin = "https://APP.example" }.status == 200)
        #expect(world.request("GET", query).status == 200)
        let stranger = world.request("GET", query) { $0.origin = "https://evil.example" }
        #expect(stranger.status == 403)
        #expect(stranger.body == #"{"code":4,"message":"Forbidden"}"#)
        #expect(stranger.answer?.headers[.accessControlAllowOrigin] == nil)
        #expect(world.request("OPTIONS", query) { $0.origin = "https://evil.example" }.status == 403)
        var request = EngineRequest(method: "GET", query: "EIO=4&transport=websocket")
        request.origin = "https://evil.example"
        request.isUpgrade = true
        #expect(world.engine.webSocket(request) == nil)
    }

    @Test("sessions are bounded in all and by address, and leave room again")
    func bounds() {
        var settings = EngineSettings()
        settings.maxSessions = 3
        settings.maxSessionsPerIP = 2
        settings.isSparedPerIP = { $0.isLoopback }
        let world = EngineWorld(settings)
        let open = { (source: String) in
            world.request("GET", "EIO=4&transport=polling") { $0.source = IPAddress(source) }
        }
        let first = open("192.0.2.1")
        #expect(open("192.0.2.1").status == 200)
        #expect(open("192.0.2.1").status == 503)
        #expect(open("127.0.0.1").status == 200)
        #expect(open("127.0.0.1").status == 503)
        #expect(world.engine.sessionCount == 3)
        _ = world.request("POST", "EIO=4&transport=polling&sid=\(sid(in: first.body ?? ""))", body: "1")
        #expect(world.engine.sessionCount == 2)
        #expect(open("192.0.2.1").status == 200)
    }

    @Test("names of sessions are told apart, read again, and nothing else is one")
    func names() {
        let world = EngineWorld()
        let id = SocketID(world.engine.random)
        #expect(SocketID(id.description) == id)
        #expect(SocketID(world.engine.random) != id)
        #expect(id.description.count == 32)
        for text in ["", "x", String(repeating: "g", count: 32), String(repeating: "A", count: 32)] {
            #expect(SocketID(text) == nil)
        }
    }
}
