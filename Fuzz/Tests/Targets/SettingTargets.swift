import LibP2PCore
import Multiformats

@testable import WaystationNode

extension FuzzTarget {
    static let settings = [
        FuzzTarget("settings") { input in
            let text = String(decoding: input, as: UTF8.self)
            if let count = try? SettingKind<Int>.count.read([text]) {
                try require(count >= 0, "counts are not negative")
            }
            if let size = try? SettingKind<Int>.size.read([text]) { try require(size >= 0, "sizes are not negative") }
            if let time = try? SettingKind<Duration>.duration.read([text]) {
                try require(time >= .zero && time <= .seconds(100 * 365 * 86400), "durations are bounded")
            }
            if let address = HostAndPort(text) {
                try requireEqual(HostAndPort(address.description), address, "a socket address through its text")
            }
            if let address = try? SettingKind<Multiaddr>.multiaddr.read([text]) {
                try requireEqual(try Multiaddr(address.description), address, "a multiaddr through its text")
            }
            if let name = try? SettingKind<String>.protocolID.read([text]) {
                try require(name.utf8.count <= 256, "protocol ids are bounded")
            }
            _ = (
                try? SettingKind<Bool>.toggle.read([text]), try? SettingKind<HostAndPort?>.hostAndPortOrOff.read([text])
            )
            return (try? SettingKind<String>.name.read([text])) != nil
        }
    ]
}
