import Testing

@testable import Redis

@Suite("A URL says where Redis is")
struct RedisURLTests {
    @Test("all parts but the host may be left out")
    func parts() throws {
        let short = try RedisURL("redis://cache")
        #expect((short.host, short.port, short.database) == ("cache", 6379, 0))
        #expect(short.user == nil && short.password == nil)
        let long = try RedisURL("redis://ann:p%40ss%3a@[::1]:7000/3")
        #expect((long.host, long.port, long.database) == ("::1", 7000, 3))
        #expect((long.user, long.password) == ("ann", "p@ss:"))
        #expect(long.description == "redis://[::1]:7000/3")
        let anonymous = try RedisURL("redis://:secret@127.0.0.1/")
        #expect((anonymous.user, anonymous.password) == (nil, "secret"))
        #expect(anonymous.description == "redis://127.0.0.1:6379/0")
    }

    @Test(
        "what is no such URL is refused, without its password",
        arguments: [
            "", "localhost", "rediss://secret:secret@host", "http://secret@host", "redis://", "redis://:6379",
            "redis://secret@host", "redis://ann:@host", "redis://a:%zzsecret@host", "redis://a:%f@host",
            "redis://host:0", "redis://host:65536", "redis://host:x", "redis://host/x", "redis://host/-1",
            "redis://host/99999", "redis://[::1", "redis://[127.0.0.1]", "redis://a b", "redis://host?x=1",
        ])
    func faults(text: String) {
        let error = #expect(throws: RedisError(.badURL, "")) { try RedisURL(text) }
        #expect(error?.message.contains("secret") == false)
    }
}
