import Foundation
import Logging
import WaystationNode

/// Sends the process' log to standard error.
enum LogSetup {
    /// Installs the log; once in a process.
    ///
    /// - Returns: the program's logger.
    static func install(level: LogLevel, format: LogFormat) -> Logger {
        let isTerminal = Terminal.isErrorTerminal
        let style: LogLine.Style =
            switch format {
            case .text: .text(isColoured: isTerminal && Terminal.allowsColour)
            case .logfmt: .logfmt
            case .json: .json
            case .auto: isTerminal ? .text(isColoured: Terminal.allowsColour) : .logfmt
            }
        let logLevel = Logger.Level(rawValue: level.rawValue) ?? .info
        LoggingSystem.bootstrap { label in
            StandardErrorLog(label: label, style: style, logLevel: logLevel)
        }
        return Logger(label: "waystation")
    }
}

/// Writes log lines to standard error.
private struct StandardErrorLog: LogHandler {
    let label: String
    let style: LogLine.Style
    var logLevel: Logger.Level
    var metadata: Logger.Metadata = [:]

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var fields = metadata
        if let own = event.metadata { fields.merge(own) { _, own in own } }
        let line = LogLine(
            time: .now, level: event.level, label: label, message: event.message.description,
            fields: fields.map { ($0.key, $0.value.description) }.sorted { $0.0 < $1.0 })
        Terminal.writeError(line.text(style) + "\n")
    }
}
