import Anomaly
import Testing
import Video

/// Feeds a detector from strings: `#` 2.0, `+` 1.0 (the alarm line), `-` 0.9 (between), `.` 0.1, `N` not a number,
/// ` ` a dropped frame. Answers in kind: `S` start, `U` update, `R` released, `L` too long, `.` nothing, ` ` no frame.
private struct Tape {
    var detector: Detector
    var rate: Double
    var frame: UInt64 = 0

    init(_ settings: DetectorSettings, rate: Double = 10) {
        detector = Detector(settings: settings, rate: rate)
        self.rate = rate
    }

    func time(_ frame: UInt64) -> MonotonicTime { .zero + Duration(seconds: Double(frame) / rate) }

    mutating func play(_ scores: String) -> String {
        var answers = ""
        for character in scores {
            defer { frame += 1 }
            guard let score: Double = ["#": 2, "+": 1, "-": 0.9, ".": 0.1, "N": .nan][character] else {
                answers += " "
                continue
            }
            answers += Self.letter(detector.observe(score: score, frame: frame, time: time(frame)))
        }
        return answers
    }

    static func letter(_ transition: Transition?) -> String {
        switch transition {
        case nil: "."
        case .start: "S"
        case .update: "U"
        case .end(.released): "R"
        case .end(.tooLong): "L"
        case .end: "E"
        }
    }
}

/// Settings small enough to read: 2 of 3 to start, 2 quiet frames to end, no gap, no warm-up.
private func small(_ change: (inout DetectorSettings) -> Void = { _ in }) -> DetectorSettings {
    var settings = DetectorSettings()
    settings.startFrames = 2
    settings.startWindow = 3
    settings.releaseFrames = 2
    settings.mergeGap = .zero
    settings.warmUpFrames = 0
    settings.warmUpTime = .zero
    change(&settings)
    return settings
}

@Suite struct DetectorTests {
    @Test(arguments: [
        ("....", "...."),
        ("+...", "...."),  // one of three
        ("++", ".S"),  // the line itself counts
        ("--------", "........"),  // between the levels nothing starts
        ("#.#", "..S"), ("#..#..#", "......."),  // two of three, and not two of four
        ("##..", ".S.R"), ("##.#..", ".S...R"),  // two quiet frames in a row
        ("##.-.-.-..", ".S.......R"),  // under the line is not under the release level
        ("##..##..", ".S.R.S.R"),
        ("##..#", ".S.R."),  // what an event was made of does not make another
        ("NN..", ".S.R"), ("N.N", "..S"),  // a broken score counts as the line
    ])
    func startsAndEnds(scores: String, answers: String) {
        var tape = Tape(small())
        #expect(tape.play(scores) == answers)
    }

    @Test(arguments: [
        (1, 1, "#", "S"), (1, 5, "....#", "....S"), (3, 5, "#.#.#", "....S"), (3, 5, "#.#..#", "......"),
        (3, 5, "#..##", "....S"), (5, 5, "####.####", "........."), (5, 5, "#####", "....S"),
        (3, 5, "##....###", "........S"),
    ])
    func takesKOfN(k: Int, n: Int, scores: String, answers: String) {
        var tape = Tape(
            small {
                $0.startFrames = k
                $0.startWindow = n
            })
        #expect(tape.play(scores) == answers)
    }

    /// 10 frames a second, gap 0.5 s: the fifth frame after the last loud one.
    @Test(arguments: [
        ("##.....", ".S....R"), ("##....##.....", ".S..........R"), ("##.....##.....", ".S....R.S....R"),
    ])
    func bridgesTheMergeGap(scores: String, answers: String) {
        var tape = Tape(small { $0.mergeGap = .milliseconds(500) })
        #expect(tape.play(scores) == answers)
    }

    /// Time alone ends nothing: after a hole longer than the gap, two quiet frames are still needed.
    @Test func needsQuietFramesToo() {
        var tape = Tape(small { $0.mergeGap = .milliseconds(500) })
        #expect(tape.play("##          .") == ".S          .")
        #expect(tape.play(".") == "R")
    }

    @Test func tellsTheEventsStartPeakAndLength() {
        var tape = Tape(small { $0.mergeGap = .milliseconds(300) })
        #expect(tape.play("....+.") == "......")
        #expect(tape.detector.observe(score: 3, frame: 6, time: tape.time(6)) == .start)
        tape.frame = 7
        #expect(tape.detector.startFrame == 4 && tape.detector.startTime == tape.time(4))
        #expect(tape.detector.peak == 3 && tape.detector.peakFrame == 6)
        #expect(tape.play("#-...") == "....R")
        #expect(tape.detector.duration == .milliseconds(400))  // frame 4 to frame 8, which is over the release level
        #expect(tape.detector.frameCount == 5)
        #expect(tape.detector.lastOverTime == tape.time(7))
        #expect(!tape.detector.isActive)
    }

    @Test func thePeakMayLieBeforeTheStart() {
        var tape = Tape(small())
        _ = tape.detector.observe(score: 5, frame: 10, time: tape.time(10))
        #expect(tape.detector.observe(score: 1.5, frame: 12, time: tape.time(12)) == .start)
        #expect(tape.detector.peak == 5 && tape.detector.peakFrame == 10 && tape.detector.peakTime == tape.time(10))
        #expect(tape.detector.frameCount == 2)
    }

    @Test func endsWhatIsTooLongAndWaitsForQuiet() {
        var tape = Tape(
            small {
                $0.maximumLength = .seconds(1)
                $0.maximumUpdates = 0
            })
        #expect(tape.play("############") == ".S........L.")  // starts at frame 0, ends at frame 10
        #expect(tape.detector.isDisarmed && !tape.detector.isActive)
        #expect(tape.detector.duration == .seconds(1) && tape.detector.frameCount == 11)
        #expect(tape.play(String(repeating: "#", count: 1000)) == String(repeating: ".", count: 1000))
        #expect(tape.play("--##.##") == ".......")  // Not quiet, or not for long enough.
        #expect(tape.detector.duration == .seconds(1), "the event's values stay")
        #expect(tape.play("..##..") == "...S.R")
    }

    @Test func theMergeGapCountsForArmingToo() {
        var tape = Tape(
            small {
                $0.maximumLength = .seconds(1)
                $0.mergeGap = .milliseconds(500)
            })
        #expect(tape.play("###########") == ".S........L")
        #expect(tape.play("....##.....##") == "............S")
    }

    /// After a hole of minutes the first quiet frame does not say that the scene has changed.
    @Test func aHoleIsNotTooLong() {
        var tape = Tape(small { $0.maximumLength = .seconds(1) })
        #expect(
            tape.play("##" + String(repeating: " ", count: 100) + "..") == ".S" + String(repeating: " ", count: 100)
                + ".R")
    }

    @Test func updatesAtTheirPaceAndNoMore() {
        var tape = Tape(
            small {
                $0.updateEvery = .seconds(1)
                $0.maximumUpdates = 3
            })
        let answers = tape.play(String(repeating: "#", count: 60))
        #expect(answers.enumerated().filter { $0.element == "U" }.map(\.offset) == [11, 21, 31])
        #expect(tape.detector.updates == 3)
        #expect(tape.play("..##").last == "S")
        #expect(tape.detector.updates == 0)
    }

    @Test func isMuteWhileItWarmsUp() {
        var tape = Tape(small { $0.warmUpFrames = 5 })
        #expect(tape.detector.isWarmingUp)
        #expect(tape.play("#####") == ".....")
        #expect(!tape.detector.isWarmingUp)
        #expect(tape.play("##") == ".S")
        var slow = Tape(
            small {
                $0.warmUpFrames = 5
                $0.warmUpTime = .seconds(1)
            })
        #expect(slow.play("############") == "...........S")  // frames 0…9 lie under 1 s
    }

    @Test(arguments: EndReason.allCases)
    func anInterruptionEndsAndWarmsUpAnew(reason: EndReason) {
        var tape = Tape(small { $0.warmUpFrames = 3 })
        #expect(tape.detector.interrupt(reason) == nil, "nothing runs")
        #expect(tape.play("...##") == "....S")
        #expect(tape.detector.interrupt(reason) == .end(reason))
        #expect(tape.detector.interrupt(reason) == nil, "once")
        #expect(tape.detector.isWarmingUp && !tape.detector.isActive)
        #expect(tape.detector.peak == 2, "the event's values stay")
        #expect(tape.play("#####") == "....S")
    }

    @Test func framesBeforeAnInterruptionDoNotStartAnything() {
        var tape = Tape(small())
        #expect(tape.play("#") == ".")
        #expect(tape.detector.interrupt(.sourceLost) == nil)
        #expect(tape.play("#.") == "..")
    }

    @Test(arguments: [
        (EndReason.sourceLost, false), (.sceneChanged, false), (.stopped, true), (.reconfigured, true),
    ])
    func aLostCameraDoesNotArmAgain(reason: EndReason, arms: Bool) {
        var tape = Tape(
            small {
                $0.maximumLength = .seconds(1)
                $0.warmUpFrames = 2
                $0.mergeGap = .milliseconds(300)
            })
        #expect(tape.play("..###########").last == "L")
        #expect(tape.detector.interrupt(reason) == nil)
        #expect(tape.detector.isDisarmed == !arms)
        #expect(tape.play("####") == (arms ? "...S" : "...."))
        if !arms { #expect(tape.play("...##") == "....S") }
    }

    /// At 10 frames a second a window of 3 may span 0.6 s: two frames 0.7 s apart are two separate flashes.
    @Test(arguments: [("#     #", "S"), ("#      #", ".")])
    func framesFarApartStartNothing(scores: String, last: String) {
        var tape = Tape(small())
        #expect(tape.play(scores).last.map(String.init) == last)
    }

    @Test func withoutARateNoHoleIsTooWide() {
        var detector = Detector(settings: small())
        _ = detector.observe(score: 1, frame: 1, time: .zero)
        #expect(detector.observe(score: 1, frame: 1000, time: .zero + .seconds(3600)) == .start)
    }

    @Test func timesThatRunBackwardsStandStill() {
        var detector = Detector(settings: small(), rate: 10)
        _ = detector.observe(score: 1, frame: 1, time: .zero + .seconds(100))
        #expect(detector.observe(score: 1, frame: 2, time: .zero + .seconds(1)) == .start)
        #expect(detector.startTime == .zero + .seconds(100))
        _ = detector.observe(score: 0, frame: 3, time: .zero + .seconds(2))
        #expect(detector.observe(score: 0, frame: 4, time: .zero + .seconds(3)) == .end(.released))
        #expect(detector.duration == .zero)
    }

    @Test(arguments: [Double.nan, .infinity, -.infinity])
    func aBrokenScoreAlarms(score: Double) {
        var detector = Detector(settings: small(), rate: 10)
        _ = detector.observe(score: score, frame: 0, time: .zero)
        #expect(detector.observe(score: score, frame: 1, time: .zero) == .start)
        #expect(detector.peak == 1 && detector.unscorableFrames == 2)
    }

    @Test(arguments: [
        ("startWindow", small { $0.startWindow = 65 }), ("startWindow", small { $0.startWindow = 0 }),
        ("startFrames", small { $0.startFrames = 4 }), ("startFrames", small { $0.startFrames = 0 }),
        ("releaseLevel", small { $0.releaseLevel = 0 }), ("releaseLevel", small { $0.releaseLevel = 1.01 }),
        ("releaseLevel", small { $0.releaseLevel = .nan }), ("releaseFrames", small { $0.releaseFrames = 0 }),
        ("mergeGap", small { $0.mergeGap = .seconds(-1) }), ("mergeGap", small { $0.mergeGap = .seconds(Int64.max) }),
        ("maximumLength", small { $0.maximumLength = .zero }), ("updateEvery", small { $0.updateEvery = .zero }),
        ("maximumUpdates", small { $0.maximumUpdates = -1 }), ("warmUpFrames", small { $0.warmUpFrames = -1 }),
        ("warmUpTime", small { $0.warmUpTime = .seconds(Int64.max) }),
    ])
    func namesTheSettingThatCannotWork(name: String, settings: DetectorSettings) {
        #expect(settings.problem?.hasPrefix(name) == true)
    }

    @Test func theDefaultsWork() {
        #expect(DetectorSettings().problem == nil)
        #expect(small().problem == nil)
    }
}

@Suite struct DetectorPropertyTests {
    private static func random(_ random: inout SeededRandom) -> DetectorSettings {
        var settings = DetectorSettings()
        settings.startWindow = Int.random(in: 1...8, using: &random)
        settings.startFrames = Int.random(in: 1...settings.startWindow, using: &random)
        settings.releaseLevel = Double.random(in: 0.3...1, using: &random)
        settings.releaseFrames = Int.random(in: 1...6, using: &random)
        settings.mergeGap = .milliseconds(Int.random(in: 0...2000, using: &random))
        settings.maximumLength = .seconds(Int.random(in: 1...20, using: &random))
        settings.updateEvery = .milliseconds(Int.random(in: 100...3000, using: &random))
        settings.maximumUpdates = Int.random(in: 0...4, using: &random)
        settings.warmUpFrames = Int.random(in: 0...20, using: &random)
        settings.warmUpTime = .milliseconds(Int.random(in: 0...1500, using: &random))
        return settings
    }

    /// A random walk over the line with bursts, drops, broken scores and lost cameras.
    @Test(arguments: 0..<60)
    func keepsItsPromises(seed: UInt64) {
        var random = SeededRandom(seed)
        let settings = Self.random(&random)
        let rate = Double.random(in: 2...15, using: &random)
        var detector = Detector(settings: settings, rate: rate)
        var scaled = Detector(settings: settings, rate: rate)
        var (frame, level, starts, ends, updates, sinceCut) = (UInt64(0), 0.5, 0, 0, 0, 0)
        var (open, started) = (false, MonotonicTime.zero)
        for _ in 0..<1500 {
            frame += random.uniform() < 0.05 ? UInt64.random(in: 2...40, using: &random) : 1
            let time = MonotonicTime.zero + Duration(seconds: Double(frame) / rate)
            level = max(0, min(3, level + 0.2 * random.normal() - 0.02 * (level - 0.8)))
            let score = random.uniform() < 0.01 ? .nan : level
            if random.uniform() < 0.005 {
                let reason = EndReason.allCases[Int.random(in: 0..<EndReason.allCases.count, using: &random)]
                let transition = detector.interrupt(reason)
                #expect(scaled.interrupt(reason) == transition)
                #expect((transition == .end(reason)) == open, "an interruption ends what runs, and only that")
                if open { ends += 1 }
                (open, sinceCut) = (false, 0)
            }
            sinceCut += 1
            let transition = detector.observe(score: score, frame: frame, time: time)
            // A power of two: the quotient is the same to the bit, whatever the unit of the raw score.
            #expect(scaled.observe(score: score * 1024 / 1024, frame: frame, time: time) == transition)
            #expect(detector.isActive == (transition == .start || (open && !Self.isEnd(transition))))
            switch transition {
            case .start:
                #expect(!open && sinceCut > settings.warmUpFrames && !(level < 1 && score.isFinite))
                #expect(detector.peak >= 1 && detector.startTime <= time && detector.startFrame <= frame)
                #expect(frame - detector.startFrame <= UInt64(2 * settings.startWindow))
                (open, started, starts, updates) = (true, detector.startTime, starts + 1, 0)
            case .update:
                updates += 1
                #expect(open && updates <= settings.maximumUpdates)
            case .end(let reason):
                #expect(open && (reason == .released || reason == .tooLong))
                #expect((level < settings.releaseLevel && score.isFinite) == (reason == .released))
                #expect(detector.isDisarmed == (reason == .tooLong))
                if reason == .tooLong { #expect(time - started >= settings.maximumLength) }
                (open, ends) = (false, ends + 1)
            case nil: break
            }
            if open {
                #expect(detector.duration <= time - started && detector.duration >= .zero)
                #expect(detector.peak.isFinite && detector.frameCount >= UInt64(settings.startFrames))
            }
        }
        if detector.interrupt(.stopped) == .end(.stopped) { ends += 1 }
        #expect(starts == ends)
    }

    private static func isEnd(_ transition: Transition?) -> Bool {
        if case .end = transition { true } else { false }
    }

    /// However often the camera is lost, a changed scene is told once.
    @Test func aChangedSceneIsToldOnce() {
        var detector = Detector(settings: DetectorSettings(), rate: 5)
        var starts = 0
        for frame in UInt64(0)..<40_000 {
            let time = MonotonicTime.zero + .milliseconds(200 * Int64(frame))
            if frame % 5000 == 4999 { _ = detector.interrupt(.sourceLost) }
            if detector.observe(score: 1.5, frame: frame, time: time) == .start { starts += 1 }
        }
        #expect(starts == 1)
    }
}
