public import Anomaly
public import Capture
public import Model
public import Video

/// One camera as the configuration has it: its name, source and model, and what is asked of each stage.
///
/// Two of them that are equal need no restart at a reload.
@dynamicMemberLookup
public struct CameraConfiguration: Sendable, Hashable {
    /// The name: letters, digits, `-` and `_`, at most 64.
    public var name: String
    /// What is watched, with the options of the configuration and without the content of `credentials`.
    public var source: SourceSpecification
    /// The model file's path.
    public var model: String
    /// Everything that has a default.
    public var settings: CameraSettings

    /// Whether it is to learn its model, which is not there yet.
    var lacksModel: Bool { settings.learn.recordFor != nil && !LearningPlace(model: model).hasModel }

    /// The same but for how a model would be learned: what counts where there is one.
    var withoutLearning: CameraConfiguration {
        var camera = self
        camera.learn = LearnSettings()
        return camera
    }

    /// A camera with the defaults, unless `settings` says otherwise.
    public init(
        name: String, source: SourceSpecification, model: String, settings: CameraSettings = CameraSettings()
    ) {
        self.name = name
        self.source = source
        self.model = model
        self.settings = settings
    }

    /// The settings' members as the camera's own: `camera.rate`.
    public subscript<Value>(dynamicMember path: WritableKeyPath<CameraSettings, Value>) -> Value {
        get { settings[keyPath: path] }
        set { settings[keyPath: path] = newValue }
    }

    /// Which pixels of a model's frame of `size` count, by the camera's regions and masks.
    public func mask(size: FrameSize) -> Mask { Mask(size: size, regions: settings.regions, masks: settings.masks) }

    /// The source with user and password read from `credentials`, for opening it now. Read anew each time, so that a
    /// password that was changed is used at the next reconnect.
    public func sourceForOpening() throws(CredentialsError) -> SourceSpecification {
        try sourceAtItsRate.authorised(by: settings.credentials)
    }

    /// The source, which fetches a still image as often as the camera is scored.
    var sourceAtItsRate: SourceSpecification {
        var source = source
        source.options.pollingRate = settings.rate
        return source
    }
}

extension SourceSpecification {
    /// The same source with user and password read from `credentials` now; itself where that is nil.
    public func authorised(by credentials: CredentialsReference?) throws(CredentialsError) -> SourceSpecification {
        guard let credentials = try credentials?.load() else { return self }
        var source = self
        source.options.user = credentials.user
        source.options.password = credentials.password
        return source
    }
}

/// What a camera's configuration has defaults for.
public struct CameraSettings: Sendable, Hashable {
    /// False: the camera is read and checked, and not watched.
    public var enabled = true
    /// Frames scored a second; what the camera gives beyond it is not scored.
    public var rate = 5.0
    /// Where user and password are; they are read when the source is opened.
    public var credentials: CredentialsReference?
    /// Whether and how it learns its model, as long as there is none.
    public var learn = LearnSettings()
    /// The arithmetic that the model runs in.
    public var precision = Precision.auto
    /// How an error map becomes a score; nil: as the model was calibrated.
    public var method: ScoreMethod?
    /// The raw score that counts as 1.0; nil: the model's calibration.
    public var threshold: Double?
    /// When an anomaly starts and ends.
    public var detector = DetectorSettings()
    /// Where the score is taken; everywhere if empty.
    public var regions: [Polygon] = []
    /// Where it is not taken, even within regions.
    public var masks: [Polygon] = []
    /// How long the source may be silent until it counts as lost.
    public var timeout = Duration.seconds(10)
    /// How long the picture may be the same to the last bit until it counts as frozen.
    public var frozenAfter = Duration.seconds(60)
    /// Time from one renewal of `latest.png` to the next; nil: it is not written.
    public var latestEvery: Duration? = .seconds(10)
    /// Time from one periodic snapshot to the next; nil: none.
    public var snapshotEvery: Duration? = SnapshotSettings().every

    /// The defaults.
    public init() {}
}

/// What the configuration says about how to open the source; nil where it says nothing and the source's own text counts.
struct SourceWishes: Sendable, Hashable {
    var size: FrameSize?
    var rate: Double?
    var pixelFormat: String?
    var transport = SourceOptions.Transport.tcp
    var decoderThreads = 1
    var hardware: String?
    var realTime: Bool?
    var loop: Bool?

    /// `options` with the wishes in it. `text` is the source as it was written.
    func applied(to options: SourceOptions, text: String) -> SourceOptions {
        var options = options
        options.size = size ?? options.size
        options.rate = rate ?? options.rate
        options.pixelFormat = pixelFormat
        options.transport = transport
        options.decoderThreads = decoderThreads
        options.hardware = hardware
        options.realTime = realTime ?? (text.contains("realtime=") ? options.realTime : true)
        options.loop = loop ?? options.loop
        return options
    }
}

/// A camera while it is read: source and model may still be missing.
struct CameraDraft: Sendable {
    var source: WrittenSource?
    var model: String?
    var wishes = SourceWishes()
    var settings = CameraSettings()

    /// A source and how it was written.
    struct WrittenSource: Sendable {
        var specification: SourceSpecification
        var text: String
    }
}
