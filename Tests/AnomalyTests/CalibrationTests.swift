import Testing
import Video

@testable import Anomaly

/// Normal scores with known tails, raw units around 0.01.
private enum Footage: CaseIterable {
    case exponential, gamma, bursts, edges

    /// `count` scores at 5 frames a second.
    func scores(_ count: Int, seed: UInt64) -> [Double] {
        var random = SeededRandom(seed)
        var level = 0.0
        return (0..<count).map { _ in
            switch self {
            case .exponential: return 0.01 * random.exponential()
            case .gamma: return 0.004 * random.gamma3()
            case .bursts:  // People walk by: slow swells over a floor of noise.
                level = 0.95 * level + (random.uniform() < 0.01 ? 0.01 * random.exponential() : 0)
                return 0.005 + 0.0005 * abs(random.normal()) + level
            case .edges:  // A tail that ends: uniform.
                return 0.01 + 0.01 * random.uniform()
            }
        }
    }
}

private func detector(_ change: (inout DetectorSettings) -> Void = { _ in }) -> DetectorSettings {
    var settings = DetectorSettings()
    change(&settings)
    return settings
}

/// Events that a calibrated camera's detector raises on `scores`.
private func events(_ scores: [Double], _ calibration: Calibration) -> Int {
    events(scores, threshold: calibration.threshold, rate: 5, calibration.applied(to: DetectorSettings()))
}

/// Events that a detector raises on `scores`.
private func events(_ scores: [Double], threshold: Double, rate: Double, _ settings: DetectorSettings) -> Int {
    var judge = Detector(settings: settings, rate: rate)
    var events = 0
    for (index, score) in scores.enumerated() {
        let time = MonotonicTime.zero + Duration(seconds: Double(index) / rate)
        if judge.observe(score: score / threshold, frame: UInt64(index), time: time) == .start { events += 1 }
    }
    return events
}

@Suite struct CalibrationTests {
    /// Two hours at 5 a second and a budget of 120 a day: ten events. The same is asked of fresh scores from the same
    /// source, where 10 may be anything that a Poisson count of mean 10 gives.
    @Test(arguments: Footage.allCases, [UInt64(1), 2])
    private func keepsTheBudget(footage: Footage, seed: UInt64) throws {
        let scores = footage.scores(36_016, seed: seed)
        let calibration = try Calibration.fit(
            scores: scores, rate: 5, alertsPerDay: 120, detector: detector(), method: .standard)
        #expect(!calibration.isExtrapolated && calibration.warning == nil)
        #expect(calibration.events <= 10 && calibration.events >= 7)
        #expect(calibration.events == events(scores, calibration))
        #expect(
            calibration.threshold > calibration.statistics.p90 && calibration.threshold < calibration.statistics.maximum
        )
        let fresh = footage.scores(36_016, seed: seed + 100)
        let count = events(fresh, calibration)
        #expect((2...22).contains(count), "\(count) events on fresh footage")
    }

    /// The frames' own quantile where one frame makes an event: checked against what the distribution says.
    @Test func findsTheQuantileOfAnExponential() throws {
        let single = detector {
            $0.startFrames = 1
            $0.startWindow = 1
            $0.releaseFrames = 1
            $0.mergeGap = .zero
            $0.warmUpFrames = 0
            $0.warmUpTime = .zero
        }
        let scores = Footage.exponential.scores(40_000, seed: 4)
        // 40,000 frames at 5 a second are 8,000 s; 432 a day are 40 events: P(score >= t) = 1/1000, t = 0.01 ln 1000.
        let calibration = try Calibration.fit(scores: scores, rate: 5, alertsPerDay: 432, detector: single)
        #expect(abs(calibration.threshold / (0.01 * 6.9078) - 1) < 0.06)
        #expect(abs(calibration.quantile - 0.999) < 0.0002)
        #expect(abs(calibration.statistics.p50 - 0.0069315) < 0.0002)
        #expect(abs(calibration.statistics.p99 - 0.046052) < 0.002)
        #expect(abs(calibration.statistics.mean - 0.01) < 0.0002)
        #expect(abs(calibration.statistics.deviation - 0.01) < 0.0003)
    }

    /// Ten minutes for a budget of two a day: over everything seen, but not by a mile; and it says so.
    @Test(arguments: Footage.allCases, [UInt64(1), 2, 3])
    private func extrapolatesWhereFootageIsShort(footage: Footage, seed: UInt64) throws {
        let scores = footage.scores(3016, seed: seed)
        let calibration = try Calibration.fit(scores: scores, rate: 5, alertsPerDay: 2, detector: detector())
        #expect(calibration.isExtrapolated && calibration.events == 0 && calibration.tail.kind == .pareto)
        #expect(calibration.threshold < 8 * calibration.statistics.maximum)
        let warning = try #require(calibration.warning)
        #expect(warning.contains("10 min of footage") && warning.contains("12 h or more"))
        // Two hours more keep to what was said, which of ten minutes can't be much.
        let expected = try #require(calibration.expected)
        #expect(expected.low < 2 && expected.high > 2 && expected.high < 200)
        let fresh = footage.scores(36_000, seed: seed + 50)
        let count = Double(events(fresh, calibration))
        #expect(count <= 2 + expected.high / 12, "\(count) events, at most \(expected.high) a day expected")
    }

    @Test func lessFootageOrBudgetGivesAHigherLine() throws {
        let scores = Footage.gamma.scores(20_016, seed: 9)
        var last = 0.0
        for budget in [100_000, 1000, 200, 50, 24, 12, 2, 0.1] {
            let calibration = try Calibration.fit(scores: scores, rate: 5, alertsPerDay: budget, detector: detector())
            #expect(calibration.threshold >= last)
            last = calibration.threshold
        }
    }

    /// With normal-only data, someone chose the minimum as the threshold: there everything is one long event, which a
    /// count of events alone takes for peace.
    @Test(arguments: Footage.allCases, [0.01, 2, 50, 1000, 100_000])
    private func neverTakesTheMinimum(footage: Footage, budget: Double) throws {
        let scores = footage.scores(3016, seed: 11)
        #expect(events(scores, threshold: scores.min() ?? 0, rate: 5, detector()) == 1, "the trap is there")
        let calibration = try Calibration.fit(scores: scores, rate: 5, alertsPerDay: budget, detector: detector())
        #expect(calibration.quantile >= 0.95)
        #expect(calibration.threshold > calibration.statistics.p90)
    }

    @Test func doesNotJudgeTheWarmUp() throws {
        var scores = Footage.gamma.scores(3016, seed: 3)
        let clean = try Calibration.fit(scores: scores, rate: 5, alertsPerDay: 2, detector: detector())
        for index in 0..<16 { scores[index] = 4 }  // The state starts at zero.
        let calibration = try Calibration.fit(scores: scores, rate: 5, alertsPerDay: 2, detector: detector())
        #expect(calibration == clean && calibration.frames == 3000)
        // Two clips: each has its own, and no window goes over the seam.
        let clips = [Array(scores[0..<1516]), Array(scores[0..<16] + scores[1516...])]
        let both = try Calibration.fit(clips: clips, rate: 5, alertsPerDay: 2, detector: detector())
        #expect(both.frames == 3000 && both.statistics == calibration.statistics)
    }

    @Test func scalesWithTheScores() throws {
        for budget in [2.0, 200] {
            let scores = Footage.bursts.scores(20_000, seed: 8)
            let one = try Calibration.fit(scores: scores, rate: 5, alertsPerDay: budget, detector: detector())
            let other = try Calibration.fit(
                scores: scores.map { $0 / 64 }, rate: 5, alertsPerDay: budget, detector: detector())
            #expect(abs(other.threshold * 64 / one.threshold - 1) < 1e-12)
            #expect(other.events == one.events && other.quantile == one.quantile)
        }
    }

    /// Scores that lie close under the threshold, as where a busy picture is never rebuilt well: 0.8 of the threshold
    /// lies among them, and an event would never end.
    @Test func anEventEndsWhereNormalIsHigh() throws {
        var random = SeededRandom(21)
        let normal = (0..<6000).map { _ in 0.02 + 0.0005 * random.normal() }
        let calibration = try Calibration.fit(scores: normal, rate: 5, alertsPerDay: 2, detector: detector())
        #expect(0.8 * calibration.threshold < calibration.statistics.p50, "the trap is there")
        let settings = calibration.applied(to: detector())
        #expect(settings.releaseLevel < 1 && settings.releaseLevel > 0.9 && settings.problem == nil)
        let scores = normal[0..<100] + (0..<50).map { _ in 0.06 } + normal[200..<1000]
        var judge = Detector(settings: settings, rate: 5)
        var transitions: [Transition] = []
        for (index, score) in scores.enumerated() {
            let time = MonotonicTime.zero + .milliseconds(200 * index)
            let transition = judge.observe(score: score / calibration.threshold, frame: UInt64(index), time: time)
            if let transition { transitions.append(transition) }
        }
        #expect(transitions.first == .start && transitions.last == .end(.released))
        #expect(judge.duration < .seconds(20), "10 s of it were the anomaly")
        // A threshold of the user's own: the level goes with it, and never over the alarm line.
        #expect(calibration.applied(to: detector(), threshold: 0.1).releaseLevel == 0.8)
        #expect(calibration.applied(to: detector(), threshold: 0.001).releaseLevel == 1)
    }

    @Test func loopedFootageKeepsAMargin() throws {
        let loop = Footage.edges.scores(100, seed: 2)
        let scores = Array((0..<40).map { _ in loop }.joined())
        let calibration = try Calibration.fit(scores: scores, rate: 5, alertsPerDay: 2, detector: detector())
        #expect(calibration.events == 0)
        #expect(events(scores, calibration) == 0)
    }

    private static func refused(_ scores: [Double], rate: Double = 5, budget: Double = 2) -> CalibrationError? {
        #expect(throws: CalibrationError.self) {
            try Calibration.fit(scores: scores, rate: rate, alertsPerDay: budget, detector: detector())
        }
    }

    @Test func refusesTooLittle() throws {
        let scores = Footage.gamma.scores(2000, seed: 1)
        #expect(Self.refused([])?.code == .tooLittle)
        #expect(Self.refused(Array(scores[0..<165]))?.code == .tooLittle)  // 149 frames are 29.8 s
        #expect(throws: Never.self) {
            try Calibration.fit(scores: Array(scores[0..<166]), rate: 5, alertsPerDay: 2, detector: detector())
        }
        #expect(Self.refused(Array(scores[0..<115]), rate: 2)?.code == .tooLittle)  // 99 frames are 49.5 s
        let error = Self.refused(Array(scores[0..<116]), rate: 15)
        #expect(
            error?.description
                == "calibration: 86 frames (5 s) are left beside the warm-up; it takes 100 frames and 30 s at the "
                + "least: give it more normal footage")
    }

    @Test(arguments: [Double.nan, .infinity, -0.001])
    func refusesBrokenScores(score: Double) {
        var scores = Footage.gamma.scores(2000, seed: 1)
        scores[1234] = score
        let error = Self.refused(scores)
        #expect(error?.code == .badScore && error?.message.hasPrefix("frame 1234 has the score ") == true)
    }

    @Test(arguments: [0.0, 0.02]) func refusesConstantScores(score: Double) {
        #expect(Self.refused([Double](repeating: score, count: 2000))?.code == .constant)
    }

    @Test func refusesScoresThatAreNearlyAllZero() {
        var scores = [Double](repeating: 0, count: 2000)
        scores[500] = 1  // No window holds three of them, so there is no peak.
        #expect(Self.refused(scores)?.code == .constant)
    }

    @Test(arguments: [(0.0, 2.0), (.nan, 2), (-5, 2), (5000, 2), (5, 0), (5, -1), (5, .nan), (5, .infinity), (5, 1e6)])
    func refusesArguments(rate: Double, budget: Double) {
        #expect(Self.refused(Footage.gamma.scores(2000, seed: 1), rate: rate, budget: budget)?.code == .badSetting)
    }

    @Test func refusesADetectorThatCannotWork() {
        let error = #expect(throws: CalibrationError.self) {
            try Calibration.fit(
                scores: Footage.gamma.scores(2000, seed: 1), rate: 5, alertsPerDay: 2,
                detector: detector { $0.releaseLevel = 2 })
        }
        #expect(error?.message == "the detector's releaseLevel is 2.0; it may be over 0 and up to 1, the alarm line")
    }
}

@Suite struct CalibrationTextTests {
    private func calibration() throws -> Calibration {
        try Calibration.fit(
            scores: Footage.gamma.scores(2000, seed: 1), rate: 5, alertsPerDay: 2, detector: detector(),
            method: .worstTiles(count: 4, size: 8), created: UTCTime(microseconds: 1_788_228_184_123_456))
    }

    @Test func goesThroughJSONUnchanged() throws {
        let calibration = try calibration()
        let text = try calibration.jsonString()
        #expect(!text.contains("\n") && text.utf8.count < 1200)
        #expect(text.contains("\"method\":\"tiles:4x8\"") && text.contains("\"created\":\"2026-09-01T02:03:04Z\""))
        #expect(try Calibration(json: text) == calibration)
        #expect(try Calibration(json: text).jsonString() == text)
    }

    @Test(arguments: [
        ("\"version\":1", "\"version\":2", "version 2 is not known here"),
        ("\"version\":1", "\"v\":1", "\"version\" is missing"),
        ("\"threshold\":", "\"threshold\":-", "the threshold is -"),
        ("\"threshold\":", "\"threshold\":0,\"x\":", "the threshold is 0.0"),
        ("\"threshold\":", "\"threshold\":null,\"x\":", "\"threshold\" is of the wrong type"),
        ("\"threshold\":", "\"threshold\":\"1\",\"x\":", "\"threshold\" is of the wrong type"),
        ("\"rate\":5", "\"rate\":0", "the rate is 0.0"),
        ("\"rate\":5", "\"rate\":-5", "the rate is -5.0"),
        ("\"alerts_per_day\":2", "\"alerts_per_day\":0", "the budget is 0.0"),
        ("\"events\":0", "\"events\":-1", "-1 events"),
        ("\"quantile\":", "\"quantile\":1", "the quantile is 1"),
        ("\"quiet\":", "\"quiet\":-", "the quiet level is -"),
        ("tiles:4x8", "tiles:0x8", "score method \"tiles:0x8\""),
        ("pareto", "gumbel", "\"tail.kind\""),
        ("\"low\":", "\"low\":-1,\"x\":", "it expects -1.0 to"),
        ("\"high\":", "\"high\":-1,\"x\":", "to -1.0 alerts a day"),
        ("2026-09-01", String(repeating: "2", count: 100), "the date has"),
        ("{", "", ""),
    ])
    func refusesWhatCannotBe(old: String, new: String, message: String) throws {
        let text = try calibration().jsonString()
        let range = try #require(text.firstRange(of: old))
        let error = #expect(throws: CalibrationError.self) {
            try Calibration(json: text.replacingCharacters(range, new))
        }
        #expect(error?.code == .badText)
        #expect(error?.message.contains(message) == true || message.isEmpty, "\(error?.message ?? "")")
    }

    @Test(arguments: [
        "", "{}", "[]", "null", "1", "\u{0}", "{\"version\":1e999}", "{\"version\":1}",
        String(repeating: "[", count: 60_000), String(repeating: " ", count: 70_000),
        "{\"version\":1,\"threshold\":1e999}",
    ])
    func refusesOtherTexts(text: String) {
        let error = #expect(throws: CalibrationError.self) { try Calibration(json: text) }
        #expect(error?.code == .badText)
    }

    /// As Zanzo 0.2 wrote it into a model: without what is expected, and with an exponential tail.
    @Test func anOlderOneStillLoads() throws {
        let text = """
            {"alerts_per_day":2,"created":"2026-11-24T06:35:41Z","events":0,"frames":8970,"method":"tiles:4x8",\
            "quantile":1,"quiet":0.08460761088175461,"rate":15,"statistics":{"deviation":0.017575517597531964,\
            "maximum":0.15493470767708217,"mean":0.04749205511612636,"minimum":9.333197643408148e-05,\
            "p50":0.04656929367374696,"p90":0.06942598799828287,"p99":0.09364200686197234,\
            "p999":0.11548322638732667},"tail":{"kind":"exponential","level":0.08794218855626568,"peaks":20,\
            "scale":0.012642438847261944,"shape":0},"threshold":0.17992525236232487,"version":1}
            """
        let calibration = try Calibration(json: text)
        #expect(calibration.threshold == 0.17992525236232487 && calibration.tail.kind == .exponential)
        #expect(calibration.expected == nil && calibration.tail.dispersion == nil && calibration.isExtrapolated)
        #expect(try Calibration(json: calibration.jsonString()) == calibration)
    }

    @Test(
        "Whatever number stands in it, a calibration is refused or can be used",
        arguments: [
            "0", "-0", "-1", "1e300", "-1e300", "1e-300", "9223372036854775807", "18446744073709551615", "1e19",
        ])
    func numbersThatNobodyMeans(_ number: String) throws {
        let text = try calibration().jsonString()
        var tried = 0
        for match in text.matches(of: /":(-?[0-9][0-9.e+-]*)/) {
            let range = match.output.1.startIndex..<match.output.1.endIndex
            tried += 1
            guard let read = try? Calibration(json: text.replacingCharacters(range, number)) else { continue }
            _ = (read.applied(to: DetectorSettings()), read.warning, read.isExtrapolated)
            #expect(read.seconds >= 0 && read.threshold > 0)
        }
        #expect(tried > 15)
    }

    /// A later Zanzo may say more.
    @Test func keysThatAreNotKnownAreFine() throws {
        let calibration = try calibration()
        let text = "{\"later\":[1,2]," + (try calibration.jsonString()).dropFirst()
        #expect(try Calibration(json: text) == calibration)
    }
}

extension String {
    fileprivate func replacingCharacters(_ range: Range<String.Index>, _ new: String) -> String {
        self[..<range.lowerBound] + new + self[range.upperBound...]
    }
}
