/// Reads an event line's sequence, type and camera without decoding all of it: replays and binary search look at many.
///
/// Sound for lines as `Event.line` writes them: keys are in a known order, and a quote inside a string is escaped, so
/// that `,"type":"` cannot occur inside a value. What is found is checked all the same: a line that someone else wrote
/// into the journal is nil here, and skipped.
enum LineScanner {
    /// The line's place, type and camera; `bytes` with or without its newline.
    static func scan(_ bytes: ArraySlice<UInt8>) -> PublishedLine? {
        guard let sequence = sequence(bytes) else { return nil }
        let type = value(of: typeKey, in: bytes).flatMap { EventType(rawValue: String(decoding: $0, as: UTF8.self)) }
        let camera = value(of: cameraKey, in: bytes).map { String(decoding: $0, as: UTF8.self) }
        return PublishedLine(sequence: sequence, type: type, camera: camera, bytes: Array(bytes))
    }

    /// The line's place in the journal; nil where this is no event line.
    static func sequence(_ bytes: ArraySlice<UInt8>) -> UInt64? {
        guard bytes.first == UInt8(ascii: "{"), let digits = value(of: sequenceKey, in: bytes), digits.count == 20
        else { return nil }
        return SequenceText.parse(String(decoding: digits, as: UTF8.self))
    }

    /// The line's type, as text; nil where it has none.
    static func type(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8>? { value(of: typeKey, in: bytes) }

    /// The identity of the anomaly that the line is a part of; nil where it is of none.
    static func event(_ bytes: ArraySlice<UInt8>) -> String? {
        guard let subject = value(of: subjectKey, in: bytes), let slash = subject.lastIndex(of: UInt8(ascii: "/"))
        else { return nil }
        return String(decoding: subject[(slash + 1)...], as: UTF8.self)
    }

    /// The time in the line's envelope, as text.
    static func time(_ bytes: ArraySlice<UInt8>) -> String? {
        value(of: timeKey, in: bytes).map { String(decoding: $0, as: UTF8.self) }
    }

    /// From where to resume after an error that passes: the daemon cannot read its journal now. Nil for any other line.
    static func resumeAfterError(_ bytes: ArraySlice<UInt8>) -> UInt64? {
        guard bytes.starts(with: "{\"error\":".utf8), let digits = value(of: resumeKey, in: bytes) else { return nil }
        return SequenceText.parse(String(decoding: digits, as: UTF8.self))
    }

    private static let resumeKey = Array(",\"resume_after\":\"".utf8)
    private static let typeKey = Array(",\"type\":\"".utf8)
    private static let subjectKey = Array(",\"subject\":\"".utf8)
    private static let timeKey = Array(",\"time\":\"".utf8)
    private static let sequenceKey = Array(",\"sequence\":\"".utf8)
    private static let cameraKey = Array(",\"data\":{\"camera\":\"".utf8)

    /// The string after `key`, up to its closing quote; nil where it is absent or has an escape in it.
    private static func value(of key: [UInt8], in bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        guard let start = find(key, in: bytes) else { return nil }
        var end = start
        while end < bytes.endIndex, bytes[end] != UInt8(ascii: "\"") {
            if bytes[end] == UInt8(ascii: "\\") { return nil }
            end += 1
        }
        return end < bytes.endIndex ? bytes[start..<end] : nil
    }

    /// Where what follows `key` begins.
    private static func find(_ key: [UInt8], in bytes: ArraySlice<UInt8>) -> Int? {
        bytes.withUnsafeBufferPointer { buffer -> Int? in
            guard buffer.count >= key.count else { return nil }
            for at in 0...(buffer.count - key.count) where buffer[at] == key[0] {
                var matched = 1
                while matched < key.count, buffer[at + matched] == key[matched] { matched += 1 }
                if matched == key.count { return bytes.startIndex + at + key.count }
            }
            return nil
        }
    }
}
