import LibP2PCore
import LibP2PIdentity
import LibP2PKademlia
import LibP2PTesting
import Multiformats
import Testing

@testable import DelegatedRouting

struct RequestTests {
    @Test(
        arguments: [
            (nil, AnswerForm.json), ("", .json), ("*/*", .json), ("application/*", .json), ("application/json", .json),
            ("application/x-ndjson", .lines), ("application/json,application/x-ndjson", .lines),
            ("Application/X-NDJSON; q=0.5, application/json", .lines), ("text/html, */*;q=0.1", .json),
        ] as [(String?, AnswerForm)])
    func choosesTheFormOfAnswers(_ accept: String?, _ form: AnswerForm) throws {
        #expect(try AnswerForm(accept: accept) == form)
    }

    @Test(arguments: ["text/html", "application/xml, text/*", "x", ";"])
    func refusesFormsItDoesNotHave(_ accept: String) {
        #expect(throws: RoutingError(.notAcceptable, "")) { try AnswerForm(accept: accept) }
    }

    @Test func readsKeysInAllTheirForms() throws {
        let cid = "bafkreidcd7frenco2m6ch7mny63wztgztv3q6fctaffgowkro6kljre5ei"
        #expect(try PathKey.content(cid).description == cid)
        let peers = [
            "12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA", "QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N",
            "bafzbeie5745rpv2m6tjyuugywy4d5ewrqgqqhfnf445he3omzpjbx5xqxe",
        ]
        for text in peers { #expect(try PathKey.peer(text) == PeerID(text)) }
        // A peer id under another codec, as some clients write it.
        let relabelled = CID(codec: .raw, multihash: try PeerID(peers[1]).multihash).description
        #expect(try PathKey.peer(relabelled) == PeerID(peers[1]))
        let name = "k51qzi5uqu5dlkw8pxuw9qmqayfdeh4kfebhmreauqdc6a7c3y7d5i9fi8mk9w"
        #expect(try PathKey.name(name).cid.text(in: .base36) == name)
        #expect(try PathKey.place(cid) == CID(cid).multihash.bytes)
        #expect(try PathKey.place(peers[0]) == PeerID(peers[0]).bytes)
        for text in ["notacid", "", String(repeating: "b", count: 3000)] {
            #expect(throws: RoutingError(.badInput, "")) { try PathKey.content(text) }
            #expect(throws: RoutingError(.badInput, "")) { try PathKey.peer(text) }
            #expect(throws: RoutingError(.badInput, "")) { try PathKey.place(text) }
        }
        for text in [peers[0], cid, "x"] {
            #expect(throws: RoutingError(.invalidRecord, "")) { try PathKey.name(text) }
        }
    }

    @Test func tellsCachesHowLongRecordsAreGood() throws {
        #expect(
            CachePolicy.records(isEmpty: true)
                == "public, max-age=15, stale-while-revalidate=172800, stale-if-error=172800")
        #expect(
            CachePolicy.records(isEmpty: false)
                == "public, max-age=300, stale-while-revalidate=172800, stale-if-error=172800")
        #expect(Timestamp(seconds: 784_111_777).httpDate == "Sun, 06 Nov 1994 08:49:37 GMT")
    }

    @Test func tellsCachesHowLongAnIPNSRecordIsGood() throws {
        let vectors = try IPNSVectors.load()
        let official = try #require(vectors.official.first { $0.expect == "valid" }?.record_hex)
        let record = try IPNSRecord(bytes: official.bytes)
        // The record says half an hour, and lives for long.
        let early = record.validity - .seconds(7200)
        #expect(
            CachePolicy.record(record, now: early)
                == "public, max-age=1800, stale-while-revalidate=5400, stale-if-error=5400")
        let late = record.validity - .seconds(100)
        #expect(
            CachePolicy.record(record, now: late) == "public, max-age=100, stale-while-revalidate=0, stale-if-error=0")
        #expect(CachePolicy.record(record, now: record.validity) == "no-store")
        // One that says nothing of it.
        let silent = try #require(vectors.derived.first { $0.label == "expired" }?.record_hex)
        let old = try IPNSRecord(bytes: silent.bytes)
        #expect(CachePolicy.record(old, now: old.validity - .seconds(3600)).hasPrefix("public, max-age=60, "))
        #expect(CachePolicy.tag(of: record) != CachePolicy.tag(of: old))
        #expect(CachePolicy.tag(of: record).count == 18)
    }
}
