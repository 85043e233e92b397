/// Civil time in UTC as text; nothing here depends on a locale or a time zone file.
public enum TimeText {
    /// RFC 3339 with microseconds: "2026-09-01T02:03:04.123456Z".
    public static func rfc3339(_ time: UTCTime) -> String {
        let parts = Parts(time)
        return "\(parts.date)T\(two(parts.hour)):\(two(parts.minute)):\(two(parts.second)).\(six(parts.microsecond))Z"
    }

    /// The day: "2026-09-01".
    public static func date(_ time: UTCTime) -> String { Parts(time).date }

    /// The time of day as part of a file's name: "02-03-04.123456".
    public static func clock(_ time: UTCTime) -> String {
        let parts = Parts(time)
        return "\(two(parts.hour))-\(two(parts.minute))-\(two(parts.second)).\(six(parts.microsecond))"
    }

    /// Reads what `rfc3339` writes; nil for anything else.
    public static func parse(rfc3339 text: some StringProtocol) -> UTCTime? {
        let bytes = Array(text.utf8)
        guard bytes.count == 27, bytes[10] == UInt8(ascii: "T"), bytes[26] == UInt8(ascii: "Z") else { return nil }
        return parse(date: bytes[0..<10], clock: bytes[11..<26], separator: UInt8(ascii: ":"))
    }

    /// Reads a day and a time of day as `date` and `clock` write them; nil for anything else.
    public static func parse(date: some StringProtocol, clock: some StringProtocol) -> UTCTime? {
        parse(date: Array(date.utf8)[...], clock: Array(clock.utf8)[...], separator: UInt8(ascii: "-"))
    }

    private static func parse(date: ArraySlice<UInt8>, clock: ArraySlice<UInt8>, separator: UInt8) -> UTCTime? {
        let (date, clock) = (Array(date), Array(clock))
        guard date.count == 10, clock.count == 15, date[4] == UInt8(ascii: "-"), date[7] == UInt8(ascii: "-"),
            clock[2] == separator, clock[5] == separator, clock[8] == UInt8(ascii: "."),
            let year = number(date[0..<4]), let month = number(date[5..<7]), let day = number(date[8..<10]),
            let hour = number(clock[0..<2]), let minute = number(clock[3..<5]), let second = number(clock[6..<8]),
            let microsecond = number(clock[9..<15]), 1...12 ~= month, 1...31 ~= day, hour < 24, minute < 60, second < 61
        else { return nil }
        let seconds = daysFromCivil(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second
        return UTCTime(microseconds: Int64(seconds) * 1_000_000 + Int64(microsecond))
    }

    private static func number(_ digits: ArraySlice<UInt8>) -> Int? {
        var value = 0
        for digit in digits {
            guard 48...57 ~= digit else { return nil }
            value = value * 10 + Int(digit - 48)
        }
        return value
    }

    private static func two(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }

    private static func six(_ value: Int) -> String {
        let text = String(value)
        return String(repeating: "0", count: 6 - text.count) + text
    }

    /// Days since 1970-01-01 (Howard Hinnant, "chrono-compatible low-level date algorithms").
    private static func daysFromCivil(_ year: Int, _ month: Int, _ day: Int) -> Int {
        let y = month <= 2 ? year - 1 : year
        let era = (y >= 0 ? y : y - 399) / 400
        let yearOfEra = y - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    private struct Parts {
        let date: String
        let hour, minute, second, microsecond: Int

        init(_ time: UTCTime) {
            // RFC 3339 has years 0000 to 9999: a clock that far off is shown at the end of what can be written.
            let clamped = min(max(time.microseconds, -62_167_219_200_000_000), 253_402_300_799_999_999)
            let seconds = Int((clamped - (clamped % 1_000_000 + 1_000_000) % 1_000_000) / 1_000_000)
            microsecond = Int((clamped % 1_000_000 + 1_000_000) % 1_000_000)
            let ofDay = (seconds % 86_400 + 86_400) % 86_400
            (hour, minute, second) = (ofDay / 3600, ofDay / 60 % 60, ofDay % 60)
            let z = (seconds - ofDay) / 86_400 + 719_468
            let era = (z >= 0 ? z : z - 146_096) / 146_097
            let dayOfEra = z - era * 146_097
            let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
            let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
            let shifted = (5 * dayOfYear + 2) / 153
            let day = dayOfYear - (153 * shifted + 2) / 5 + 1
            let month = shifted < 10 ? shifted + 3 : shifted - 9
            let year = String(yearOfEra + era * 400 + (month <= 2 ? 1 : 0))
            date = String(repeating: "0", count: max(0, 4 - year.count)) + "\(year)-\(two(month))-\(two(day))"
        }
    }
}
