// swift-tools-version: 6.2
import PackageDescription

// A package of its own, so that whoever depends on the libraries builds no benchmarks. `make bench` builds it in release
// mode and runs all of it.

let settings: [SwiftSetting] = [
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"), .enableUpcomingFeature("ExistentialAny"),
]

/// A program that measures, with the libraries that it needs.
func benchmark(
    _ name: String, _ libraries: [String], own: [Target.Dependency] = ["Measuring"], nio: [String] = [],
    others: [Target.Dependency] = []
) -> Target {
    .executableTarget(
        name: name,
        dependencies: own + libraries.map { .product(name: $0, package: "waystation") }
            + nio.map { .product(name: $0, package: "swift-nio") } + others,
        swiftSettings: settings)
}

let package = Package(
    name: "benchmarks",
    platforms: [.macOS(.v26)],
    dependencies: [
        .package(name: "waystation", path: ".."),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
    ],
    targets: [
        // A server in a process of its own: its processor time and memory.
        .target(name: "Measuring", swiftSettings: settings),
        // Our node as such a server.
        .target(
            name: "MeasuredNode", dependencies: ["Measuring", .product(name: "WaystationNode", package: "waystation")],
            swiftSettings: settings),
        // Peers of a network around it.
        .target(
            name: "Neighbourhood",
            dependencies: ["Measuring"]
                + ["LibP2P", "LibP2PIdentity", "LibP2PCore", "Multiformats"].map {
                    .product(name: $0, package: "waystation")
                }
                + [.product(name: "NIOPosix", package: "swift-nio")],
            swiftSettings: settings),
        .systemLibrary(name: "CEpoll"),
        // Our node beside go-libp2p's daemon, with one client.
        benchmark(
            "nodebench", ["LibP2P", "LibP2PIdentity", "LibP2PCore", "Multiformats", "WaystationNode"],
            own: ["Measuring", "Neighbourhood"], nio: ["NIOCore", "NIOPosix"]),
        // The star, with a load of peers.
        benchmark("starbench", [], own: ["Measuring", "MeasuredNode", "CEpoll"]),
        // The delegate, under load, in a network of 50, and with slow clients.
        benchmark(
            "delegatebench", ["LibP2P", "LibP2PIdentity", "LibP2PCore", "Multiformats"],
            own: ["Measuring", "MeasuredNode", "Neighbourhood"], nio: ["NIOCore"]),
        // The front door over TLS, beside nginx and beside itself without TLS.
        benchmark(
            "tlsbench", ["LibP2P", "LibP2PIdentity", "LibP2PCore", "Multiformats", "WaystationNode"],
            own: ["Measuring", "MeasuredNode"],
            nio: ["NIOCore", "NIOPosix", "NIOHTTP1", "NIOTLS", "NIOWebSocket"],
            others: [.product(name: "NIOSSL", package: "swift-nio-ssl")]),
        // Streams, muxers and negotiation in memory.
        benchmark(
            "microbench", ["LibP2P", "LibP2PIdentity", "LibP2PCore", "LibP2PTesting"], nio: ["NIOCore", "NIOPosix"]),
        // Handshakes and the cipher.
        benchmark("noisebench", ["LibP2P", "LibP2PIdentity", "LibP2PCore"], nio: ["NIOCore", "NIOEmbedded"]),
    ],
    swiftLanguageModes: [.v6]
)
