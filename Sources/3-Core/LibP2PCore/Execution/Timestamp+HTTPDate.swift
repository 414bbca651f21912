extension Timestamp {
    /// The time as HTTP writes it (RFC 9110, section 5.6.7), such as `Sun, 06 Nov 1994 08:49:37 GMT`; one before 1970 is
    /// shown as that moment. Every answer of a web server has one, so it is put together byte by byte.
    package var httpDate: String {
        let seconds = Int(max(0, seconds))
        let days = seconds / 86400
        let (year, month, day) = Self.civil(days: days)
        var text: [UInt8] = []
        text.reserveCapacity(29)
        func append(_ number: Int) {
            text.append(UInt8(ascii: "0") + UInt8(number / 10))
            text.append(UInt8(ascii: "0") + UInt8(number % 10))
        }
        text += Self.weekdays[days % 7].utf8
        text += ", ".utf8
        append(day)
        text.append(UInt8(ascii: " "))
        text += Self.months[month - 1].utf8
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

    private static let weekdays = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// The date of a day counted from 1970-01-01. Years are counted from March, so that the leap day is a year's last.
    private static func civil(days: Int) -> (year: Int, month: Int, day: Int) {
        let shifted = days + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
    }
}
