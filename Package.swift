// swift-tools-version: 6.2
import PackageDescription

// The house is a staircase: a target depends only on floors below its own. The floor is the first word of each call.
// `make lint` checks that no file imports from its own floor or from above; exceptions stand beside the target.

let settings: [SwiftSetting] = [
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

/// A room of the house: `Sources/<floor>/<name>`.
func room(_ floor: String, _ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .target(name: name, dependencies: dependencies, path: "Sources/\(floor)/\(name)", swiftSettings: settings)
}

/// The tests of one room: `Tests/<name>Tests`.
func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(
        name: "\(name)Tests", dependencies: [.init(stringLiteral: name)] + dependencies, swiftSettings: settings)
}

let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioEmbedded = Target.Dependency.product(name: "NIOEmbedded", package: "swift-nio")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let nioWebSocket = Target.Dependency.product(name: "NIOWebSocket", package: "swift-nio")
let nioSSL = Target.Dependency.product(name: "NIOSSL", package: "swift-nio-ssl")
let nioTLS = Target.Dependency.product(name: "NIOTLS", package: "swift-nio")
let nioHTTP2 = Target.Dependency.product(name: "NIOHTTP2", package: "swift-nio-http2")
let nioHTTPTypesHTTP2 = Target.Dependency.product(name: "NIOHTTPTypesHTTP2", package: "swift-nio-extras")
let asyncHTTPClient = Target.Dependency.product(name: "AsyncHTTPClient", package: "async-http-client")
let httpTypes = Target.Dependency.product(name: "HTTPTypes", package: "swift-http-types")
let nioHTTPTypes = Target.Dependency.product(name: "NIOHTTPTypes", package: "swift-nio-extras")
let nioHTTPTypesHTTP1 = Target.Dependency.product(name: "NIOHTTPTypesHTTP1", package: "swift-nio-extras")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let cryptoExtras = Target.Dependency.product(name: "CryptoExtras", package: "swift-crypto")
let x509 = Target.Dependency.product(name: "X509", package: "swift-certificates")
let asn1 = Target.Dependency.product(name: "SwiftASN1", package: "swift-asn1")
let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let hummingbirdCore = Target.Dependency.product(name: "HummingbirdCore", package: "hummingbird")
let hummingbirdTesting = Target.Dependency.product(name: "HummingbirdTesting", package: "hummingbird")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let unixSignals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let metrics = Target.Dependency.product(name: "Metrics", package: "swift-metrics")
let coreMetrics = Target.Dependency.product(name: "CoreMetrics", package: "swift-metrics")
let configuration = Target.Dependency.product(name: "Configuration", package: "swift-configuration")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")
let arguments = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let collections = Target.Dependency.product(name: "DequeModule", package: "swift-collections")
let orderedCollections = Target.Dependency.product(name: "OrderedCollections", package: "swift-collections")
let subprocess = Target.Dependency.product(name: "Subprocess", package: "swift-subprocess")
let systemPackage = Target.Dependency.product(name: "SystemPackage", package: "swift-system")
let heap = Target.Dependency.product(name: "HeapModule", package: "swift-collections")

let package = Package(
    name: "waystation",
    platforms: [.macOS(.v26)],
    products: [
        .executable(name: "waystation", targets: ["waystation"]),
        .library(name: "Multiformats", targets: ["Multiformats"]),
        .library(name: "LibP2PIdentity", targets: ["LibP2PIdentity"]),
        .library(name: "LibP2PCore", targets: ["LibP2PCore"]),
        .library(
            name: "LibP2P",
            targets: [
                "LibP2PHost", "LibP2PTransports", "LibP2PSecurity", "LibP2PMuxers", "LibP2PBasics", "LibP2PKademlia",
                "LibP2PRelay", "LibP2PPubSub", "LibP2PBitswap", "LibP2PHTTP",
            ]),
        .library(name: "LibP2PTesting", targets: ["LibP2PTesting"]),
        .library(name: "WaystationNode", targets: ["WaystationNode"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-nio-http2", from: "1.46.0"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-certificates", from: "1.21.1"),
        .package(url: "https://github.com/apple/swift-asn1", from: "1.7.4"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(
            url: "https://github.com/apple/swift-configuration", from: "1.4.0", traits: [.defaults, "YAML"]),
        // Of the packages above: named here because our sources import them too.
        .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
        .package(url: "https://github.com/apple/swift-nio-extras.git", from: "1.34.1"),
        .package(url: "https://github.com/apple/swift-http-types.git", from: "1.8.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
    ],
    targets: [
        // System: module maps of C libraries, installed by `make deps`.
        .systemLibrary(name: "COpenSSL", path: "Sources/System/COpenSSL", pkgConfig: "libcrypto"),
        .systemLibrary(name: "CAres", path: "Sources/System/CAres", pkgConfig: "libcares"),
        .systemLibrary(name: "CSecp256k1", path: "Sources/System/CSecp256k1", pkgConfig: "libsecp256k1"),

        room("1-Formats", "Multiformats", [crypto]),
        room("1-Formats", "Wire", [nioCore]),

        room(
            "2-Identity", "LibP2PIdentity",
            ["Multiformats", "Wire", "CSecp256k1", crypto, cryptoExtras, asn1, nioCore]),

        room("3-Core", "LibP2PCore", ["Multiformats", "Wire", "LibP2PIdentity", nioCore, logging, collections]),

        room(
            "4-Network", "LibP2PTransports",
            ["LibP2PCore", "CAres", nioCore, nioPosix, nioHTTP1, nioWebSocket, logging, collections]),
        room(
            "4-Network", "LibP2PSecurity",
            ["LibP2PCore", "COpenSSL", nioCore, nioSSL, crypto, x509, asn1]),
        room("4-Network", "LibP2PMuxers", ["LibP2PCore", nioCore, collections]),
        room("4-Network", "LibP2PHost", ["LibP2PCore", nioCore, logging, collections, orderedCollections, metrics]),

        room("5-Protocols", "LibP2PBasics", ["LibP2PCore", nioCore, logging, collections]),
        room("5-Protocols", "LibP2PKademlia", ["LibP2PCore", nioCore, logging, collections, heap, crypto]),
        room("5-Protocols", "LibP2PRelay", ["LibP2PCore", "LibP2PTransports", nioCore, logging, heap]),
        room("5-Protocols", "LibP2PPubSub", ["LibP2PCore", nioCore, logging, collections]),
        room("5-Protocols", "LibP2PBitswap", ["LibP2PCore", nioCore, logging, orderedCollections, crypto]),
        room("5-Protocols", "LibP2PHTTP", ["LibP2PCore", "LibP2PIdentity", "Multiformats", crypto]),
        room("5-Protocols", "Redis", ["LibP2PCore", "Multiformats", nioCore, nioPosix, collections]),

        room(
            "6-Services", "HTTPServing",
            [
                "LibP2PCore", nioCore, nioPosix, nioHTTP1, nioHTTP2, nioWebSocket, nioSSL, nioTLS, nioHTTPTypes,
                nioHTTPTypesHTTP1, nioHTTPTypesHTTP2, httpTypes, hummingbird, hummingbirdCore, logging, metrics,
            ]),
        room(
            "6-Services", "StarSignalling",
            [
                "LibP2PCore", "Redis", "Multiformats", nioCore, nioHTTP1, nioWebSocket, httpTypes, logging, metrics,
            ]),
        room(
            "6-Services", "Certificates",
            [
                "LibP2PCore", "LibP2PHTTP", nioCore, nioSSL, nioHTTP1, asyncHTTPClient, crypto, cryptoExtras, x509,
                asn1,
                logging, subprocess, systemPackage,
            ]),
        room(
            "6-Services", "DelegatedRouting",
            [
                "LibP2PCore", "LibP2PKademlia", "LibP2PBitswap", "LibP2PHTTP", nioCore, nioHTTP1, asyncHTTPClient,
                httpTypes, logging, collections,
            ]),
        room("6-Services", "Telemetry", ["LibP2PCore", metrics, coreMetrics]),
        room(
            "6-Services", "NodeStorage",
            [
                "LibP2PCore", "LibP2PHost", "LibP2PBasics", "LibP2PKademlia", "LibP2PBitswap", grdb, nioPosix, logging,
                collections,
            ]),

        room(
            "7-Node", "WaystationNode",
            [
                "LibP2PHost", "LibP2PTransports", "LibP2PSecurity", "LibP2PMuxers", "LibP2PBasics", "LibP2PKademlia",
                "LibP2PRelay", "LibP2PPubSub", "LibP2PBitswap", "Redis", "HTTPServing", "Certificates",
                "StarSignalling", "DelegatedRouting", "Telemetry",
                "NodeStorage",
                lifecycle, unixSignals, coreMetrics, logging, metrics, configuration, yams, nioCore, nioPosix,
                nioWebSocket, httpTypes, hummingbird,
            ]),

        .executableTarget(
            name: "waystation", dependencies: ["WaystationNode", arguments, logging],
            path: "Sources/8-CommandLine/waystation", swiftSettings: settings),

        room(
            "Testing", "LibP2PTesting",
            ["LibP2PCore", "LibP2PHost", "LibP2PTransports", nioCore, nioEmbedded, collections, heap]),

        tests("Multiformats", ["LibP2PTesting"]),
        tests("Wire", ["LibP2PTesting"]),
        tests("LibP2PIdentity", ["Multiformats", "LibP2PTesting"]),
        tests("LibP2PCore", ["LibP2PTesting", nioCore, nioPosix]),
        tests("LibP2PTransports", ["LibP2PTesting", "LibP2PMuxers", nioPosix, nioHTTP1, nioWebSocket]),
        tests("LibP2PSecurity", ["LibP2PTesting", nioEmbedded]),
        tests("LibP2PMuxers", ["LibP2PTesting", nioEmbedded]),
        tests("LibP2PHost", ["LibP2PTesting", "LibP2PSecurity", "LibP2PMuxers", "LibP2PTransports", nioPosix]),
        tests("LibP2PBasics", ["LibP2PTesting"]),
        tests("LibP2PKademlia", ["LibP2PTesting"]),
        tests("LibP2PRelay", ["LibP2PTesting", "LibP2PMuxers", "LibP2PPubSub", nioPosix, logging]),
        tests("LibP2PPubSub", ["LibP2PTesting", nioPosix]),
        tests("LibP2PBitswap", ["LibP2PTesting", "LibP2PHost", logging]),
        tests("LibP2PHTTP", ["LibP2PTesting", crypto]),
        tests("Redis", ["LibP2PTesting", nioPosix]),
        tests("HTTPServing", ["LibP2PTesting", nioPosix, nioSSL, nioWebSocket, hummingbird, httpTypes]),
        tests(
            "StarSignalling",
            [
                "LibP2PTesting", "HTTPServing", nioEmbedded, nioPosix, nioHTTP1, nioWebSocket, hummingbird, httpTypes,
                logging,
            ]),
        tests(
            "Certificates",
            ["LibP2PTesting", "LibP2PHTTP", "Multiformats", nioHTTP1, nioPosix, crypto, x509, asn1, logging]),
        tests("DelegatedRouting", ["LibP2PTesting", "LibP2PHTTP", nioHTTP1, asyncHTTPClient, httpTypes, logging]),
        tests("Telemetry", [coreMetrics]),
        tests("NodeStorage", ["LibP2PTesting", nioPosix, grdb, logging]),
        tests("WaystationNode", ["LibP2PTesting"]),
        .testTarget(
            name: "FuzzTests",
            dependencies: [
                "LibP2PTransports", "LibP2PSecurity", "LibP2PMuxers", "LibP2PBasics", "LibP2PKademlia",
                "LibP2PRelay", "LibP2PPubSub", "LibP2PBitswap", "LibP2PHTTP", "Redis", "DelegatedRouting",
                "Certificates",
                "StarSignalling", "WaystationNode", "LibP2PTesting", nioEmbedded, nioWebSocket, asn1, crypto,
            ],
            path: "Fuzz/Tests", swiftSettings: settings),
        .testTarget(
            name: "InteropTests",
            dependencies: [
                "LibP2PSecurity", "LibP2PHost", "LibP2PTransports", "LibP2PMuxers", "LibP2PBasics", "LibP2PRelay",
                "LibP2PBitswap", "Redis", "StarSignalling", nioCore, nioPosix, crypto,
            ],
            path: "Interop/Tests", swiftSettings: settings),
    ],
    swiftLanguageModes: [.v6]
)
