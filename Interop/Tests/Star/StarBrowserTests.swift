import Testing

extension RealPeers {
    /// Chromium at our star, from pages of another origin.
    @Suite(.timeLimit(.minutes(3)))
    struct StarBrowserTests {
        /// Two pages find each other and open a data channel, as js-libp2p-webrtc-star does: the one that calls makes an
        /// offer with all candidates, the other answers, and what they say then does not pass the node.
        @Test(arguments: [
            [(generation: 3, transport: "websocket"), (generation: 4, transport: "websocket")],
            [(generation: 4, transport: "polling"), (generation: 3, transport: "polling")],
        ])
        func aDataChannelBetweenTwoPages(manners: [(generation: Int, transport: String)]) async throws {
            try await Lab.open { lab in
                let node = try await lab.node()
                let browser = try await lab.browser()
                var pages: [BrowserPage] = []
                for (number, manner) in manners.enumerated() {
                    let page = try await browser.open(browser.pages + "/star.html")
                    try await page.evaluate(
                        """
                        meeting = meet("\(node.http)", \(manner.generation), "\(manner.transport)", "/star/\(number)");
                        meeting.catch(() => {}), 0
                        """)
                    pages.append(page)
                }
                let within = "new Promise((_, fail) => setTimeout(() => fail(new Error(starSocket.events)), 40000))"
                for (number, page) in pages.enumerated() {
                    let words = try await page.evaluate("Promise.race([meeting, \(within)])")
                    #expect(words == .string("hello from /star/\(1 - number)"))
                }
            }
        }

        /// The page is whole without anything from elsewhere, and the address on it is the one to use.
        @Test func theFrontDoorsPage() async throws {
            try await Lab.open { lab in
                let node = try await lab.node()
                let browser = try await lab.browser()
                let port = try #require(node.http.split(separator: ":").last)
                for (host, address) in [("127.0.0.1", "/ip4/127.0.0.1"), ("localhost", "/dns4/localhost")] {
                    let url = "http://\(host):\(port)/"
                    let page = try await browser.open(url)
                    let text = try await page.evaluate("document.body.innerText").string ?? ""
                    #expect(text.contains("\(address)/tcp/\(port)/ws/p2p-webrtc-star"))
                    #expect(text.contains("\(address)/tcp/\(port)/wss/p2p-webrtc-star"))
                    #expect(text.contains(node.id))
                    #expect(try await page.evaluate("document.title") == "Waystation")
                    let (requests, complaints) = try await page.noticed()
                    #expect(requests.allSatisfy { $0 == url || $0 == "data:," }, "\(requests)")
                    #expect(complaints.isEmpty, "\(complaints)")
                    // It fits a telephone: nothing has to be scrolled sideways.
                    let overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
                    #expect(try await page.evaluate(overflow) == 0)
                }
            }
        }
    }
}
