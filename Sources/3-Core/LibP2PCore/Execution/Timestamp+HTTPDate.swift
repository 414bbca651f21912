extension Timestamp {
    /// The time as HTTP writes it (RFC 9110, section 5.6.7), such as `Sun, 06 Nov 1994 08:49:37 GMT`; one before 1970 is
    /// shown as that moment. Every answer of a web server has one, so it is put together byte by byte.
    package var httpDate: String {
        let seconds = max(0, seconds)
        let days = seconds / 86400
        let (year, month, day) = Self.date(daysSinceEpoch: days)
        var text: [UInt8] = []
        text.reserveCapacity(29)
        func append(_ number: Int64) {
            text.append(UInt8(ascii: "0") + UInt8(number / 10))
            text.append(UInt8(ascii: "0") + UInt8(number % 10))
        }
        text += Self.weekdays[Int(days % 7)].utf8
        text += ", ".utf8
        append(day)
        text.append(UInt8(ascii: " "))
        text += Self.months[Int(month) - 1].utf8
        text.append(UInt8(ascii: " "))
        text += String(year).utf8
        text.append(UInt8(ascii: " "))
        append(seconds / 3600 % 24)
        text.append(UInt8(ascii: ":"))
        append(seconds / 60 % 60)
        text.append(UInt8(ascii: ":"))
        append(seconds % 60)
        text += " GMT".utf8
        return String(decoding: text, as: UTF8.self)
    }

    /// Reads the form that HTTP's dates are to be written in (`IMF-fixdate`), such as `Sun, 06 Nov 1994 08:49:37 GMT`; nil for
    /// anything else. The day of the week is not compared with the date.
    package init?(httpDate text: String) {
        guard text.utf8.count == 29 else { return nil }
        let parts = text.split(separator: " ", omittingEmptySubsequences: false)
        guard parts.count == 6, parts[0].last == ",", Self.weekdays.contains(String(parts[0].dropLast())),
            let month = Self.months.firstIndex(of: String(parts[2])), parts[5] == "GMT"
        else { return nil }
        let number = month < 9 ? "0\(month + 1)" : "\(month + 1)"
        self.init(rfc3339: "\(parts[3])-\(number)-\(parts[1])T\(parts[4])Z".utf8)
    }

    private static let weekdays = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]
}
