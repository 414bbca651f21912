import WaystationNode

/// What a person sees on a terminal when the node is ready.
struct Banner {
    let status: NodeStatus
    var isColoured = Terminal.allowsColour

    /// The banner, without a line end.
    var text: String {
        var lines = ["", "  " + styled("Waystation", "1;36") + " " + styled(Version.number, "2"), ""]
        lines.append(row("peer id", styled("\(status.peerID)", "1")))
        for (index, address) in status.listening.enumerated() {
            lines.append(row(index == 0 ? "listening" : "", "\(address)"))
        }
        if let url = status.frontDoorURL { lines.append(row("front door", styled(url, "4"))) }
        if let url = status.secureFrontDoorURL { lines.append(row("", styled(url, "4"))) }
        if let url = status.adminURL { lines.append(row("admin", styled(url, "4"))) }
        lines += ["", "  " + styled("ready", "1;32") + ": Ctrl-C stops the node", ""]
        return lines.joined(separator: "\n")
    }

    private func row(_ name: String, _ value: String) -> String {
        let padding = String(repeating: " ", count: max(0, 12 - name.count))
        return "  " + styled(name, "2") + padding + value
    }

    private func styled(_ text: String, _ code: String) -> String {
        isColoured && !text.isEmpty ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
    }
}
