import Testing
import Video

@testable import Service

@Suite struct QuantityTests {
    @Test(
        "durations are read and shown",
        arguments: [
            ("0", Duration.zero, "0"), ("500ms", .milliseconds(500), "500ms"), ("10s", .seconds(10), "10s"),
            ("60s", .seconds(60), "1m"), ("1.5h", .seconds(5400), "90m"), ("24h", .seconds(86_400), "1d"),
            ("7d", .seconds(604_800), "7d"), ("0.5ms", .microseconds(500), "0.5ms"),
        ])
    func durations(_ text: String, _ value: Duration, _ shown: String) {
        #expect(Quantity.duration(text) == value)
        #expect(Quantity.show(value) == shown)
        #expect(Quantity.duration(shown) == value)
    }

    @Test(
        "sizes are read and shown",
        arguments: [
            ("0", 0, "0"), ("12B", 12, "12B"), ("1024B", 1024, "1KiB"), ("64MiB", 64 << 20, "64MiB"),
            ("1.5GiB", 3 << 29, "1536MiB"), ("2TiB", 2 << 40, "2TiB"),
        ])
    func sizes(_ text: String, _ value: Int, _ shown: String) {
        #expect(Quantity.byteCount(text) == value)
        #expect(Quantity.show(byteCount: value) == shown)
        #expect(Quantity.byteCount(shown) == value)
    }

    @Test("rates, sizes and modes are read")
    func others() {
        #expect(Quantity.rate("12.5") == 12.5)
        #expect(Quantity.rate("30/m") == 0.5)
        #expect(Quantity.rate("5/s") == 5)
        #expect(Quantity.frameSize("640x480") == FrameSize(width: 640, height: 480))
        #expect(Quantity.mode("0660") == 0o660)
        #expect(Quantity.mode("640") == 0o640)
    }

    @Test(
        "what is no quantity is none",
        arguments: [
            "", " ", "s", "10", "-1s", "+1s", "1e3", "1 s", "1S", "1sec", "1..5s", ".s", "inf", "nan", "0x1s",
            "99999999d",
            "1e999s", "１s", "1KB", "1M", "99999999999999TiB", "-0", "10sms",
        ])
    func refused(_ text: String) {
        #expect(Quantity.duration(text) == nil)
        #expect(Quantity.byteCount(text) == nil)
        #expect(Quantity.frameSize(text) == nil)
    }

    @Test("numbers are finite and decimal", arguments: ["inf", "nan", "0x1p3", "1e999", "", ".", "e", "1_000", "١"])
    func numbers(_ text: String) {
        #expect(Quantity.number(text) == nil)
        #expect(Quantity.integer(text) == nil)
    }

    @Test(
        "the word that was meant",
        arguments: [
            ("sockte", "socket"), ("SOCKET", "socket"), ("tresh_old", "threshold"), ("fil", "file"), ("x", nil),
            ("completely_else", nil), ("", nil),
        ] as [(String, String?)])
    func nearest(_ word: String, _ meant: String?) {
        #expect(Spelling.nearest(to: word, among: ["socket", "file", "threshold", "rotate_size"]) == meant)
    }
}
