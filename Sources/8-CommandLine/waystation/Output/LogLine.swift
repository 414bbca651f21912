import Foundation
import Logging

/// One line of the log.
struct LogLine {
    /// How it is written.
    enum Style: Sendable {
        case text(isColoured: Bool)
        case logfmt
        case json
    }

    let time: Date
    let level: Logger.Level
    let label: String
    let message: String
    let fields: [(name: String, value: String)]

    /// The line without its end. Whatever peers put into it, it stays one line and cannot steer a terminal.
    func text(_ style: Style) -> String {
        switch style {
        case .text(let isColoured): text(isColoured: isColoured)
        case .logfmt: logfmt
        case .json: json
        }
    }

    private var timestamp: String {
        time.formatted(
            .iso8601.year().month().day().time(includingFractionalSeconds: true).timeZone(separator: .omitted))
    }

    private func text(isColoured: Bool) -> String {
        func styled(_ text: String, _ code: String) -> String {
            isColoured ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
        }
        let clock = String(timestamp.dropFirst(11).prefix(8))
        let name = level.rawValue.padding(toLength: 8, withPad: " ", startingAt: 0)
        let details = fields.map { styled("\($0.name)=", "2") + Self.quoted($0.value) }
        return ([styled(clock, "2"), styled(name, colour), Terminal.printable(message)] + details).joined(
            separator: " ")
    }

    private var colour: String {
        switch level {
        case .trace, .debug: "2"
        case .info, .notice: "36"
        case .warning: "33"
        case .error, .critical: "1;31"
        }
    }

    private var logfmt: String {
        let all = [("time", timestamp), ("level", level.rawValue), ("logger", label), ("message", message)] + fields
        return all.map { "\($0.0)=\(Self.quoted($0.1))" }.joined(separator: " ")
    }

    private var json: String {
        var object = Dictionary(fields.map { ($0.name, $0.value) }) { _, last in last }
        object.merge(["time": timestamp, "level": level.rawValue, "logger": label, "message": message]) { _, own in own
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return (try? encoder.encode(object)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
    }

    /// In quotes when it would not stand alone.
    private static func quoted(_ value: String) -> String {
        let value = Terminal.printable(value)
        let needsQuotes = value.isEmpty || value.contains { $0 == " " || $0 == "\"" || $0 == "=" }
        return needsQuotes ? "\"" + value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\"" : value
    }
}
