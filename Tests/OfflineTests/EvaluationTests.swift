import Anomaly
import Files
import FoundationEssentials
import Glibc
import Pictures
import Service
import TestSupport
import Testing
import Video

@testable import Offline

/// A data set in a folder of its own, taken away at the end.
private final class DataSet {
    let path: String

    init() throws {
        path =
            FileManager.default.temporaryDirectory.path
            + "/zanzo-evaluate-\(getpid())-\(UInt64.random(in: 0...UInt64.max))"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func write(_ name: String, _ text: String) throws {
        try AtomicFile.write(Array(text.utf8), path: path + "/" + name)
    }

    /// A grey wall with a sensor's noise; a white square jumps about in front of it in the frames of `square`.
    static func frame(_ index: Int, square: Range<Int>, _ random: inout SplitMix) -> Canvas {
        let noise = (0..<64 * 64).map { _ in UInt8(96 + random.next() % 8) }
        var canvas = Canvas(width: 64, height: 64)
        noise.withUnsafeBufferPointer {
            canvas.draw(luma: $0, source: (64, 64), x: 0, y: 0, width: 64, height: 64)
        }
        if square.contains(index) {
            canvas.rectangle(
                x: 8 + index * 17 % 30, y: 8 + index * 7 % 30, width: 20, height: 20, colour: Colour(255, 255, 255))
        }
        return canvas
    }

    func strip(_ name: String, frames: Int, square: Range<Int> = 0..<0) throws {
        var random = SplitMix(seed: 3)
        var strip = Canvas(width: 64 * frames, height: 64)
        for index in 0..<frames { strip.draw(Self.frame(index, square: square, &random), x: 64 * index, y: 0) }
        try AtomicFile.write(try PNG.encode(strip), path: path + "/" + name)
    }

    func folder(_ name: String, frames: Int) throws {
        try FileManager.default.createDirectory(atPath: path + "/" + name, withIntermediateDirectories: true)
        var random = SplitMix(seed: 4)
        for index in 0..<frames {
            try AtomicFile.write(
                try PNG.encode(Self.frame(index, square: 0..<0, &random)), path: "\(path)/\(name)/\(index).png")
        }
    }
}

private let package = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().path
let demoModel = package + "/config/demo.safetensors"

@Suite struct EvaluationTests {
    /// A strip with a labelled stretch, a folder of pictures without labels: scores, events, baseline, plots.
    @Test func tellsTheSquareFromTheWall() throws {
        let data = try DataSet()
        try data.strip("01.png", frames: 90, square: 50..<70)
        // A byte-order mark, as an editor may have begun the file with, is passed over.
        try data.write(
            "01.labels.txt", "\u{FEFF}" + (0..<90).map { (50..<70).contains($0) ? "1\r\n" : "0\n" }.joined() + "\n")
        try data.folder("02", frames: 60)
        try data.write("readme.md", "not a clip")
        var request = Evaluating.Request(model: demoModel, data: data.path)
        (request.rate, request.plots) = (10, data.path + "/plots")
        (request.method, request.threshold) = (.standard, 0.6)
        let report = try Evaluating(request).run()
        print(EvaluationText.lines(report))
        #expect(report.frames == 150 && report.anomalous == 20 && report.seconds == 15 && report.rate == 10)
        #expect(report.method == "tiles:4x8")
        let auc = try #require(report.auc)
        #expect(auc.raw > 90 && auc.perClip > 80)
        #expect(try #require(report.averagePrecision) > 80 && report.equalErrorRate ?? 100 < 20)
        let events = try #require(report.events)
        #expect(events.threshold == 0.6 && events.stretches == 1 && events.found == 1 && events.recall == 100)
        #expect(events.falseAlarms == 0 && events.falseAlarmsPerHour == 0)
        #expect(report.clips.map(\.name) == ["01", "02"] && report.clips.map(\.frames) == [90, 60])
        #expect(report.clips[1].auc == nil && report.clips[1].falseAlarms == 0)
        // A square that jumps about is what frame difference is good at.
        let baseline = try #require(report.baseline.auc)
        #expect(baseline.raw > 99 && report.baseline.events?.found == 1 && report.baseline.events?.falseAlarms == 0)
        for name in ["roc", "scores-01", "scores-02"] {
            let picture = try Data(contentsOf: URL(filePath: "\(data.path)/plots/\(name).png"))
            #expect(picture.starts(with: [0x89, 0x50, 0x4E, 0x47]), "\(name)")
        }
        let text = EvaluationText.lines(report)
        #expect(text.contains("2 clips, 150 frames (20 anomalous), 10 a second, score tiles:4x8"))
        #expect(text.contains("stretches found           1 of 1      1 of 1"))
        let json = String(decoding: try JSONLine.encode(report), as: UTF8.self)
        #expect(json.contains("\"auc\":{\"per_clip\":") && json.contains("\"false_alarms_per_hour\":0"))
        #expect(try JSONDecoder().decode(EvaluationReport.self, from: Data(json.utf8)) == report)
    }

    /// Without labels there is no curve, but false alarms are counted all the same; nor a ROC to draw.
    @Test func withoutLabelsAllIsNormal() throws {
        let data = try DataSet()
        try data.strip("7.png", frames: 60)
        var request = Evaluating.Request(model: demoModel, data: data.path)
        (request.method, request.threshold, request.plots) = (.mean, 1e-6, data.path + "/plots")
        let report = try Evaluating(request).run()
        #expect(report.auc == nil && report.averagePrecision == nil && report.baseline.auc == nil)
        #expect(report.events?.stretches == 0 && report.events?.recall == nil && report.events?.falseAlarms == 1)
        // The demo's model was calibrated at 15 frames a second: one false alarm in 4 s.
        #expect(report.rate == 15 && report.events?.falseAlarmsPerHour == 900)
        #expect(EvaluationText.lines(report).contains("all frames are normal: without the other kind there is no AUC"))
        #expect(access(data.path + "/plots/roc.png", F_OK) != 0 && access(data.path + "/plots/scores-7.png", F_OK) == 0)
        // Another method than the calibration's has no threshold of its own.
        request.threshold = nil
        let without = try Evaluating(request).run()
        #expect(without.events == nil && without.baseline.events == nil)
        #expect(EvaluationText.lines(without).contains("no threshold: give --threshold, or calibrate the model"))
    }

    private static func refusal(_ data: DataSet) -> String {
        let error = #expect(throws: StartError.self) {
            try Evaluating(Evaluating.Request(model: demoModel, data: data.path)).run()
        }
        return error.map { String($0.message.replacing(data.path, with: "DIR")) } ?? ""
    }

    @Test(arguments: [
        ("0\n0\n1\n", "DIR/01.labels.txt: 3 labels for 4 frames of DIR/01.png: it takes one a frame"),
        ("0\n0\n1\n0\n1", "DIR/01.labels.txt: 5 labels for 4 frames of DIR/01.png: it takes one a frame"),
        ("", "DIR/01.labels.txt: 0 labels for 4 frames of DIR/01.png: it takes one a frame"),
        ("0\n\n2\n", "DIR/01.labels.txt:3: \"2\" is no label: write one 0 or 1 a line, a line a frame"),
        ("0 1 1 0", "DIR/01.labels.txt:1: \"0110\" is no label: write one 0 or 1 a line, a line a frame"),
    ])
    func labelsThatDoNotFit(labels: String, message: String) throws {
        let data = try DataSet()
        try data.strip("01.png", frames: 4)
        try data.write("01.labels.txt", labels)
        #expect(Self.refusal(data) == message)
    }

    @Test func foldersThatAreNoDataSet() throws {
        let data = try DataSet()
        #expect(
            Self.refusal(data) == "DIR: no clip in it: it takes folders of pictures, strips (.png) or videos (.mp4 …)")
        try data.write("03.labels.txt", "0\n")
        #expect(Self.refusal(data).hasPrefix("DIR/03.labels.txt: there is no clip 03 beside it"))
        try data.strip("03.png", frames: 2)
        try data.write("03.mp4", "")
        #expect(Self.refusal(data).contains("has the same name, so that 03.labels.txt would be of both"))
        let error = #expect(throws: StartError.self) {
            try Evaluating(Evaluating.Request(model: demoModel, data: data.path + "/none"))
        }
        #expect(
            error?.message.hasSuffix("/none: no folder that can be read: give --data the folder of the clips") == true)
    }

    /// `--data DIR/01` where `--data DIR` was meant: its pictures are frames, or its labels lie beside it.
    @Test func aClipsOwnFolderIsNoDataSet() throws {
        let data = try DataSet()
        try data.folder("01", frames: 3)
        func refusal(_ folder: String) -> String {
            let error = #expect(throws: StartError.self) { try LabelledClip.find(in: folder) }
            return error.map { String($0.message.replacing(data.path, with: "DIR")) } ?? ""
        }
        let advice = "give the folder above it, with the labels beside the clip: --data DIR"
        let frame = refusal(data.path + "/01")
        #expect(frame.hasPrefix("DIR/01/") && frame.hasSuffix("where DIR/01 is one clip, \(advice)"), "\(frame)")
        try data.write("01.labels.txt", "0\n1\n0\n")
        for folder in ["/01", "/01/"] {
            #expect(
                refusal(data.path + folder)
                    == "DIR\(folder): is one clip, whose labels are DIR/01.labels.txt: \(advice)")
        }
        #expect(try LabelledClip.find(in: data.path).map(\.name) == ["01"])
    }

    @Test func clipsComeInNaturalOrder() throws {
        let data = try DataSet()
        for name in ["10.png", "2.PNG", "b.mp4"] { try data.write(name, "") }
        try data.folder("1", frames: 1)
        try data.write("2.labels.txt", "1\n0\n")
        let clips = try LabelledClip.find(in: data.path)
        #expect(clips.map(\.name) == ["1", "2", "10", "b"] && clips.map(\.isPictures) == [true, true, true, false])
        #expect(clips.map(\.labels) == [nil, [true, false], nil, nil])
    }

    /// The mean squared difference of two frames in [-1, 1], by hand: half of the picture moves by 51/127.5 = 0.4.
    @Test func frameDifferenceIsTheMeanSquare() throws {
        let baseline = FrameDifference(size: .init(width: 8, height: 8), method: .mean)
        let frames: [[UInt8]] = [
            [UInt8](repeating: 100, count: 64), (0..<64).map { $0 < 32 ? 151 : 100 },
            (0..<64).map { $0 < 32 ? 151 : 100 },
        ]
        let scores = frames.map { $0.withUnsafeBufferPointer { baseline.score($0) } }
        #expect(scores[0] == nil && abs((scores[1] ?? 0) - 0.08) < 1e-7 && scores[2] == 0)
    }
}
