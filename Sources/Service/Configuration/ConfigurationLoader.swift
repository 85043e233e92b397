import Anomaly
import Capture

extension Configuration {
    /// Reads `zanzo.yaml` at `path` and the files `cameras.d/*.yaml` beside it.
    ///
    /// Throws everything that is wrong with all of them at once. Whatever is thrown, nothing was changed anywhere.
    public static func load(path: String) throws(ConfigurationError) -> Configuration {
        var loader = ConfigurationLoader()
        loader.readMain(path)
        let folder = ConfigurationReading.folder(of: path)
        loader.readCameraFiles(in: folder.isEmpty ? "cameras.d" : folder + "/cameras.d")
        guard loader.problems.isEmpty else { throw ConfigurationError(loader.problems) }
        return loader.configuration
    }
}

/// Reads the files of a configuration one after the other.
struct ConfigurationLoader {
    private(set) var configuration = Configuration()
    private(set) var problems: [ConfigurationError.Problem] = []
    private var defaults = CameraDraft()
    private var definedAt: [String: String] = [:]  // camera -> FILE:LINE
    private var learnedBy: [String: String] = [:]  // model -> camera

    /// Reads `zanzo.yaml`. Sections come before cameras, wherever in the file they stand.
    mutating func readMain(_ path: String) {
        let reading = ConfigurationReading(file: path)
        guard let root = Self.document(reading) else {
            problems += reading.problems
            return
        }
        read(root, reading)
    }

    /// Reads the document of `zanzo.yaml`.
    mutating func read(_ root: YAMLNode, _ reading: ConfigurationReading) {
        defer { problems += reading.sortedProblems }
        Schema.top.read(root, into: &configuration, at: reading.top)
        defaults.settings.snapshotEvery = configuration.snapshots.every
        guard case .mapping(let entries) = root.content else { return }
        if let entry = entries.first(where: { $0.key == "camera_defaults" }) {
            let place = reading.top.under("camera_defaults")
            Schema.shared.read(entry.value, into: &defaults, at: place)
            checkDetector(defaults, line: Self.lines(of: entry.value)["detector"] ?? entry.line, place)
        }
        guard let entry = entries.first(where: { $0.key == "cameras" }) else { return }
        let place = reading.top.under("cameras")
        for camera in place.entries(of: entry.value) ?? [] {
            readCamera(camera.key, camera.value, line: camera.line, place.under(camera.key))
        }
    }

    /// Reads each `NAME.yaml` in `folder`, in the order of their names. No folder is no camera.
    mutating func readCameraFiles(in folder: String) {
        let names: [String]
        do throws(FileFault) {
            names = try Directory.list(folder) ?? []
        } catch {
            // Silence would stop every camera in it at a reload.
            problems.append(.init(file: folder, line: 0, key: "", message: error.message))
            return
        }
        configuration.passedOver = names.sorted().filter(Self.isMisnamed).map { folder + "/" + $0 }
        for name in names.sorted() where name.hasSuffix(".yaml") && !name.hasPrefix(".") {
            let reading = ConfigurationReading(file: folder + "/" + name)
            // Paths in it start where zanzo.yaml's do: who moves a camera from one to the other changes nothing.
            reading.folder = ConfigurationReading.folder(of: folder)
            if let root = Self.document(reading) {
                readCamera(String(name.dropLast(5)), root, line: 1, reading.top)
            }
            problems += reading.sortedProblems
        }
    }

    /// Whether somebody meant a camera by it: `porch.yml`, `porch.YAML`. What editors and dpkg leave behind (`porch.yaml~`,
    /// `porch.yaml.dpkg-dist`, `.porch.yaml.swp`) is nobody's camera.
    private static func isMisnamed(_ name: String) -> Bool {
        let lower = name.lowercased()
        return [".yml", ".yaml"].contains { lower.hasSuffix($0) } && !name.hasSuffix(".yaml") && !name.hasPrefix(".")
    }

    private mutating func readCamera(
        _ name: String, _ node: YAMLNode, line: Int, _ place: ConfigurationReading.Place
    ) {
        guard Self.isCameraName(name) else {
            place.report(line, "a camera's name has 1 to 64 letters, digits, - or _")
            return
        }
        let here = "\(place.reading.file):\(line)"
        if let first = definedAt[name] {
            place.report(line, "the camera \"\(name)\" stands in two places: here and in \(first)")
            return
        }
        definedAt[name] = here
        let problemCount = place.reading.problems.count
        var draft = defaults
        Schema.camera.read(node, into: &draft, at: place)
        let lines = Self.lines(of: node)
        if draft.source == nil, lines["source"] == nil {
            place.under("source").report(line, "is missing; write what to watch: /dev/video0, rtsp://…, a file's path")
        }
        let learns = draft.settings.learn.recordFor != nil
        if learns, draft.model == nil, lines["model"] == nil {
            draft.model = "\(configuration.stateDirectory)/\(name)/model.safetensors"
        }
        if draft.model == nil, lines["model"] == nil {
            place.under("model").report(
                line, "is missing; write the model file's path, or learn: {for: 24h} to have it made")
        }
        if learns, draft.settings.enabled, let model = draft.model {
            if let other = learnedBy[model] {
                place.under("model").report(
                    lines["model"] ?? line,
                    "the camera \"\(other)\" learns the same one; give each its own, or leave it out")
            }
            learnedBy[model] = name
        }
        if let problem = draft.settings.learn.problem(rate: draft.settings.rate) {
            place.under("learn").under("for").report(lines["learn"] ?? line, problem)
        }
        checkDetector(draft, line: lines["detector"] ?? line, place)
        guard place.reading.problems.count == problemCount, let source = draft.source, let model = draft.model else {
            return
        }
        var specification = source.specification
        specification.options = draft.wishes.applied(to: specification.options, text: source.text)
        configuration.cameras.append(
            CameraConfiguration(name: name, source: specification, model: model, settings: draft.settings))
    }

    /// What single keys can't show: settings that do not fit each other.
    private func checkDetector(_ draft: CameraDraft, line: Int, _ place: ConfigurationReading.Place) {
        let detector = draft.settings.detector
        let place = place.under("detector")
        if detector.startFrames > detector.startWindow {
            place.under("start_frames").report(
                line, "\(detector.startFrames) frames do not fit in start_window, which is \(detector.startWindow)")
        } else if let problem = detector.problem {
            place.report(line, problem)
        }
    }

    /// The line of each key of a mapping.
    private static func lines(of node: YAMLNode) -> [String: Int] {
        guard case .mapping(let entries) = node.content else { return [:] }
        return Dictionary(entries.map { ($0.key, $0.line) }, uniquingKeysWith: { first, _ in first })
    }

    /// Letters, digits, `-` and `_`, 1 to 64 of them: a name becomes a folder, a topic and a part of an address.
    static func isCameraName(_ name: String) -> Bool {
        (1...64).contains(name.utf8.count) && name.utf8.allSatisfy { $0.isWordByte && $0 != UInt8(ascii: ".") }
    }

    /// The file's document; nil where it holds none, or can't be read (then a problem was noted).
    private static func document(_ reading: ConfigurationReading) -> YAMLNode? {
        do throws(FileFault) {
            let bytes = try BoundedFile.readText(reading.file, limit: YAMLParser.maximumByteCount)
            do throws(YAMLFault) {
                return try YAMLParser.parse(bytes) ?? YAMLNode(content: .mapping([]), line: 1, column: 1)
            } catch {
                reading.report(line: error.line, key: "", error.message)
            }
        } catch {
            reading.report(line: 0, key: "", error.message)
        }
        return nil
    }
}
