import Foundation

/// Where the programs stand that the tests start.
struct InteropTools {
    private let interop: URL
    let daemon: URL
    let python: URL
    let waystation: URL
    private let fetched: URL

    var leash: URL { interop.appending(path: "leash") }

    func pythonScript(_ name: String) -> String {
        interop.appending(path: "python/\(name)").path
    }

    /// The modules of python-socketio in its generation of 2020 (4) or of today (5), for `PYTHONPATH`.
    func socketIO(_ generation: Int) -> String {
        fetched.appending(path: "socketio\(generation)").path
    }

    /// The folder of pages for a browser.
    var pages: String { interop.appending(path: "pages").path }

    func guidePage(_ name: String) -> URL {
        interop.deletingLastPathComponent().appending(path: "docs/guide/\(name)")
    }

    /// Fails with the command to run when `Interop/setup` has not been run.
    static func find() throws -> InteropTools {
        let interop = URL(filePath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let fetched = interop.deletingLastPathComponent().appending(path: ".build-interop")
        // The test program stands beside the other products of the same build.
        let products = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
        let tools = InteropTools(
            interop: interop,
            daemon: fetched.appending(path: "p2pd"),
            python: fetched.appending(path: "venv/bin/python"),
            waystation: products.appending(path: "waystation"),
            fetched: fetched)
        let parts = ["state", "socketio-state"]
        guard parts.allSatisfy({ FileManager.default.fileExists(atPath: fetched.appending(path: $0).path) }) else {
            throw InteropError("the real peers are not installed: run Interop/setup (make test does)")
        }
        return tools
    }
}
