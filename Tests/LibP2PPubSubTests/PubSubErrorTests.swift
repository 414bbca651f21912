import Testing

@testable import LibP2PPubSub

struct PubSubErrorTests {
    @Test func errorsAreEqualByCode() {
        let error = PubSubError(.invalidMessage, "a message has no author", cause: PubSubError(.stopped, "gone"))
        #expect(error == PubSubError(.invalidMessage, "another"))
        #expect(error != PubSubError(.invalidRPC, "a message has no author"))
        #expect("\(error)" == "a message has no author (gone)")
    }
}
