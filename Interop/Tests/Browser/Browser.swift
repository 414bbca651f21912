import Foundation

/// Debian's Chromium without a window: `Interop/python/browser.py`.
struct Browser {
    let process: ChildProcess
    /// Where the folder `Interop/pages` is served; another origin than any node's.
    let pages: String

    func open(_ url: String) async throws -> BrowserPage {
        let name = try await process.call("open", ["url": .string(url)])
        return BrowserPage(browser: self, name: name)
    }
}

/// A page in it.
struct BrowserPage {
    let browser: Browser
    let name: JSONValue

    /// The value of an expression in the page; of a promise, what it is resolved to.
    @discardableResult
    func evaluate(_ expression: String) async throws -> JSONValue {
        try await browser.process.call("evaluate", ["page": name, "expression": .string(expression)])
    }

    /// What the page asked the network for, and what it complained of.
    func noticed() async throws -> (requests: [String], complaints: [String]) {
        let noticed = try await browser.process.call("noticed", ["page": name])
        return (noticed["requests"]?.strings ?? [], noticed["complaints"]?.strings ?? [])
    }

    /// What went over the network to URLs with some text in them, preflights too, and what came of it.
    func exchanges(with text: String) async throws -> [BrowserExchange] {
        let noticed = try await browser.process.call("noticed", ["page": name])
        return (noticed["exchanges"]?.array ?? []).filter { $0["url"]?.string?.contains(text) == true }.map { value in
            BrowserExchange(
                method: value["method"]?.string ?? "", status: value["status"]?.double.map { Int($0) },
                protocolName: value["protocol"]?.string)
        }
    }
}

/// A request of a page and its answer, as the browser's network sees them: what the page may not read too.
struct BrowserExchange: Equatable {
    let method: String
    let status: Int?
    /// `http/1.1`, `h2`; nil where the answer did not get as far as the page.
    let protocolName: String?
}

extension Lab {
    /// Starts a browser with a home of its own.
    ///
    /// - Parameters:
    ///   - authority: whose certificates it trusts, beside those that it comes with.
    ///   - pages: the certificate for serving the pages over TLS, for `localhost`.
    func browser(trusting authority: TestAuthority? = nil, pages: CertificateOnDisk? = nil) async throws -> Browser {
        var arguments = [tools.pythonScript("browser.py"), tools.pages]
        if let authority { arguments += ["--trust", authority.certificate] }
        if let pages { arguments += ["--certificate", pages.chain, "--key", pages.key] }
        let process = try await start(
            name: "chromium", tools.python, arguments, readsInput: true,
            environment: ["PYTHONPATH": tools.socketIO(5)])
        let line = try await process.output.take("Chromium's start") { lines in
            lines.isEmpty ? nil : lines.removeFirst()
        }
        guard let pages = try JSONValue(parsing: line)["pages"]?.string else {
            throw InteropError("Chromium says \(line)")
        }
        return Browser(process: process, pages: pages)
    }
}
