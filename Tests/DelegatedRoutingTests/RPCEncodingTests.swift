import LibP2PIdentity
import LibP2PTesting
import Multiformats
import Testing

@testable import DelegatedRouting

struct RPCEncodingTests {
    @Test func writesEventsAsTheVectorsHaveThem() throws {
        let vectors = try RPCVectors.load()
        let peer = try PeerID("12D3KooWM8sovaEGU1bmiWGWAzvs47DEcXKZZTuJnpQyVTkRs2Vn")
        let there = RoutingRecord(id: peer, addresses: ["/ip4/192.0.2.1/tcp/4001"])
        let events: [String: QueryEvent] = [
            "findprovs_provider": QueryEvent(.provider, responses: [there]),
            "findpeer_final": QueryEvent(.finalPeer, responses: [there]),
            "query_closer": QueryEvent(.peerResponse, id: peer, responses: [there]),
            "query_final": QueryEvent(.finalPeer, id: peer),
            "query_error": QueryEvent(.queryError, id: peer, extra: "context deadline exceeded"),
            "get_value": QueryEvent(.value, extra: "dmFsdWU="),
            "put_value": QueryEvent(.value, id: peer),
        ]
        for (name, event) in events {
            #expect(String(decoding: event.json, as: UTF8.self) == vectors.lines[name], "\(name)")
        }
        let kinds: [String: QueryEvent.Kind] = [
            "SendingQuery": .sendingQuery, "PeerResponse": .peerResponse, "FinalPeer": .finalPeer,
            "QueryError": .queryError, "Provider": .provider, "Value": .value, "AddingPeer": .addingPeer,
            "DialingPeer": .dialingPeer,
        ]
        #expect(kinds.mapValues(\.rawValue) == vectors.event_types)
        #expect(
            String(
                decoding: RPCAnswer.reference("QmdfTbBqBPQ7VNxZEYEj14VmRuZBkqFbiwReogJgS1zR1n"), as: UTF8.self)
                == vectors.lines["refs"])
        let cid = try CID("bafkreidcd7frenco2m6ch7mny63wztgztv3q6fctaffgowkro6kljre5ei")
        #expect(String(decoding: RPCAnswer.block(cid, size: 13), as: UTF8.self) == vectors.lines["block_stat"])
        #expect(
            String(decoding: RPCAnswer.strings(["connect \(peer) success"]), as: UTF8.self)
                == vectors.lines["swarm_connect"])
    }

    @Test func writesErrorsAsKuboDoes() {
        #expect(
            String(decoding: RPCAnswer.failure("an error occurred", code: .normal), as: UTF8.self)
                == "{\"Message\":\"an error occurred\",\"Code\":0,\"Type\":\"error\"}\n")
        #expect(RPCFailure(.badInput).status == 400)
        #expect(RPCFailure(.notFound).status == 500)
        #expect(RPCFailure(.busy).status == 429)
        #expect(RPCFailure(.forbidden).status == 403)
    }

    @Test(
        arguments: [
            ("30000ms", 30.0), ("30s", 30), ("1h30m", 5400), ("1.5h", 5400), (".5s", 0.5), ("5.s", 5), ("+2m", 120),
            ("0", 0),
            ("250", 0.25), ("1h0m0.5s", 3600.5), ("1\u{b5}s", 1e-6),
        ] as [(String, Double)])
    func readsDurations(_ text: String, _ seconds: Double) {
        #expect(GoDuration.parse(text) == .nanoseconds(Int64((seconds * 1e9).rounded())))
    }

    @Test(arguments: ["", "s", "1x", "-1s", "-5", ".", ".s", "1s2", "1e3s", "9999999999999h", "٣s", "1 s"])
    func refusesOtherDurations(_ text: String) { #expect(GoDuration.parse(text) == nil) }

    @Test func readsArgumentsAndOptions() throws {
        let query = "arg=a%2Fb+c&num-providers=7&recursive&unique=false&timeout=2s&unheard-of=%20"
        let arguments = try RPCArguments(query)
        #expect(try arguments.argument("key") == "a/b c")
        #expect(try arguments.integer("num-providers", "n", default: 20, in: 1...100) == 7)
        #expect(try arguments.integer("max-depth", default: -1, in: -1...100) == -1)
        #expect(try arguments.flag("recursive", "r"))
        #expect(try !arguments.flag("unique", "u", default: true))
        #expect(try arguments.flag("edges", "e", default: true))
        #expect(try arguments.duration("timeout") == .seconds(2))
    }

    @Test(arguments: ["", "arg=", "arg=a&arg=b"]) func wantsItsArgument(_ query: String) throws {
        let arguments = try RPCArguments(query)
        #expect(throws: RoutingError(.badInput, "")) { try arguments.argument("key") }
    }

    @Test func refusesOptionsItCannotRead() throws {
        let arguments = try RPCArguments("n=0&recursive=maybe&timeout=soon&u=1&unique=1&e=1&e=1")
        #expect(throws: RoutingError(.badInput, "")) {
            try arguments.integer("num-providers", "n", default: 20, in: 1...100)
        }
        #expect(throws: RoutingError(.badInput, "")) { try arguments.flag("recursive", "r") }
        #expect(throws: RoutingError(.badInput, "")) { try arguments.duration("timeout") }
        #expect(throws: RoutingError(.badInput, "")) { try arguments.flag("unique", "u") }
        #expect(throws: RoutingError(.badInput, "")) { try arguments.flag("edges", "e") }
    }

    @Test func boundsQueries() {
        for query in [
            String(repeating: "a", count: 8193), String(repeating: "a&", count: 129), "arg=%zz", "arg=%ff",
        ] {
            #expect(throws: RoutingError(.badInput, ""), "\(query.prefix(20))") { try RPCArguments(query) }
        }
    }

    @Test func escapesTexts() {
        var text = JSONText()
        text.string("a\"b\\c\nd\u{7f}é")
        #expect(String(decoding: text.bytes, as: UTF8.self) == #""a\"b\\c\u000ad\u007fé""#)
    }
}
