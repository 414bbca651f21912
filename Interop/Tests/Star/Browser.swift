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
}

extension Lab {
    func browser() async throws -> Browser {
        let process = try await start(
            name: "chromium", tools.python, [tools.pythonScript("browser.py"), tools.pages], readsInput: true,
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
