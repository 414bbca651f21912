/// Small pages without anything from outside: no script, no font, no picture.
enum HTML {
    /// `text` as it may stand in an element or a quoted attribute.
    static func escaped(_ text: String) -> String {
        var result = ""
        for character in text {
            switch character {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "'": result += "&#39;"
            default: result.append(character)
            }
        }
        return result
    }

    /// A list of texts in monospace, or `none`.
    static func list(_ texts: [String], none: String) -> String {
        guard !texts.isEmpty else { return "<p>\(escaped(none))</p>" }
        return "<ul>" + texts.map { "<li><code>\(escaped($0))</code></li>" }.joined() + "</ul>"
    }

    /// A whole page; `body` is markup. Its empty icon spares browsers a request, and a complaint that there is none.
    static func page(title: String, body: String) -> String {
        """
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <link rel="icon" href="data:,">
        <title>\(escaped(title))</title>
        <style>
        :root { color-scheme: light dark; }
        body { font: 16px/1.5 system-ui, sans-serif; max-width: 46rem; margin: 3rem auto; padding: 0 1rem; }
        h1 { font-size: 1.6rem; margin-bottom: 0; }
        h2 { font-size: 1.1rem; margin-top: 2rem; }
        code { font: 0.85rem/1.6 ui-monospace, monospace; overflow-wrap: anywhere; }
        ul { list-style: none; padding: 0; }
        table { border-collapse: collapse; }
        td { padding: 0.15rem 1.5rem 0.15rem 0; vertical-align: top; }
        </style>
        </head>
        <body>
        \(body)
        </body>
        </html>

        """
    }
}
