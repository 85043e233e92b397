import Anomaly
import Capture
import Model
import Video

extension Schema<CameraDraft> {
    /// The keys of one camera.
    static let camera = Schema(
        [
            Field("source", \.source, .source)
        ] + shared.fields)

    /// The keys of `camera_defaults`: every camera has its own source.
    static let shared = Schema([
        Field("enabled", \.settings.enabled, .flag),
        Field("model", \.model, Format<String>.path.required),
        Field("learn", \.settings.learn, .learn),
        Field("rate", \.settings.rate, .rate.within(0.01...240)),
        Field("size", \.wishes.size, .frameSize, or: "auto"),
        Field("input_rate", \.wishes.rate, .rate.within(0.01...1000), or: "auto"),
        Field("pixel_format", \.wishes.pixelFormat, .pixelFormat, or: "auto"),
        Field("transport", \.wishes.transport, .transport),
        Field("credentials", \.settings.credentials, .credentials, or: "none"),
        Field("decoder_threads", \.wishes.decoderThreads, .integer.within(1...64)),
        Field("hardware", \.wishes.hardware, .word("the name of a hardware decoder, such as vaapi"), or: "none"),
        Field("real_time", \.wishes.realTime, .flag, or: "auto"),
        Field("loop", \.wishes.loop, .flag, or: "auto"),
        Field("precision", \.settings.precision, .precision),
        Field("score", \.settings.method, .scoreMethod, or: "auto"),
        Field("threshold", \.settings.threshold, .number.within(1e-9...1e9), or: "auto"),
        Field("detector", \.settings.detector, .detector),
        Field("regions", \.settings.regions, .polygons),
        Field("masks", \.settings.masks, .polygons),
        Field("timeout", \.settings.timeout, .duration.within(.milliseconds(500)...(.seconds(3600)))),
        Field("frozen_after", \.settings.frozenAfter, .duration.within(.seconds(1)...(.seconds(365 * 86_400)))),
        Field("latest_every", \.settings.latestEvery, .duration.within(.seconds(1)...(.seconds(86_400))), or: "off"),
        Field(
            "snapshot_every", \.settings.snapshotEvery,
            .duration.within(.seconds(1)...(.seconds(30 * 86_400))), or: "off"),
    ])
}

extension Schema<DetectorSettings> {
    private static let day = Duration.seconds(86_400)

    /// The keys of a camera's `detector`.
    static let detector = Schema([
        Field("start_frames", \.startFrames, .integer.within(1...64)),
        Field("start_window", \.startWindow, .integer.within(1...64)),
        Field("release_level", \.releaseLevel, .number.within(0.01...1)),
        Field("release_frames", \.releaseFrames, .integer.within(1...10_000)),
        Field("merge_gap", \.mergeGap, .duration.within(.zero...day)),
        Field("max_length", \.maximumLength, .duration.within(.seconds(1)...day * 7)),
        Field("update_every", \.updateEvery, .duration.within(.milliseconds(100)...day)),
        Field("max_updates", \.maximumUpdates, .integer.within(0...10_000)),
        Field("warm_up_frames", \.warmUpFrames, .integer.within(0...10_000)),
        Field("warm_up_time", \.warmUpTime, .duration.within(.zero...day)),
    ])
}

extension Format {
    /// The same for a place that may be empty until it is read.
    var required: Format<Value?> {
        Format<Value?>(
            wanted: wanted,
            read: { node, place in read(node, place).map { .some($0) } },
            show: { $0.map(show) ?? "null" })
    }
}

extension Format<CameraDraft.WrittenSource?> {
    /// What a camera watches. Messages never repeat it: a password may stand in it.
    static var source: Self {
        let wanted = "a source: a device (/dev/video0), an address (rtsp://…), a file or a folder"
        return Format<CameraDraft.WrittenSource?>(
            wanted: wanted,
            read: { node, place in
                guard case .scalar(let text, _) = node.content, !node.isNull else {
                    place.report(node.line, "\(node.shown) is not \(wanted)")
                    return nil
                }
                let isAbsolute = text.hasPrefix("/") || text.prefix { $0 != "/" }.contains(":")
                do throws(CaptureError) {
                    // As it was written, before anything else: behind a folder an address would be a path like any other.
                    var source = try SourceSpecification(parsing: text)
                    if !isAbsolute { source = try SourceSpecification(parsing: place.reading.resolve(text)) }
                    return .some(CameraDraft.WrittenSource(specification: source, text: text))
                } catch {
                    place.report(node.line, "the source can't be read: \(error.message)")
                    return nil
                }
            },
            show: { String.quotedForYAML($0?.specification.redacted ?? "") })
    }
}

extension Format<SourceOptions.Transport> {
    /// How RTSP media travels.
    static var transport: Self {
        let names = SourceOptions.Transport.allCases.map(\.rawValue)
        let choice = Format<String>.choice(names)
        return Format(
            wanted: choice.wanted,
            read: { node, place in choice.read(node, place).flatMap(SourceOptions.Transport.init) },
            show: { $0.rawValue })
    }
}

extension Format<Precision> {
    /// The arithmetic of a model.
    static var precision: Self {
        let choice = Format<String>.choice(Precision.allCases.map(\.rawValue))
        return Format(
            wanted: choice.wanted, read: { node, place in choice.read(node, place).flatMap(Precision.init) },
            show: { $0.rawValue })
    }
}

extension Format<String> {
    /// A V4L2 pixel format by its fourcc.
    static var pixelFormat: Self { .choice(["GREY", "YUYV", "UYVY", "NV12", "YU12", "MJPG", "RGB3"]) }
}

extension Format<ScoreMethod> {
    /// How an error map becomes a score.
    static var scoreMethod: Self {
        .scalar("a score method: mean, or tiles:4x8", show: { $0.description }) { (text) throws(ValueFault) in
            do throws(ScoreMethodError) {
                return try ScoreMethod(parsing: text)
            } catch {
                throw ValueFault(message: "\"\(YAMLNode.printable(text))\" is not a score method; \(error.message)")
            }
        }
    }
}

extension Format<CredentialsReference> {
    /// Where user and password are.
    static var credentials: Self {
        let text = Format<String>.text("a file's path or systemd:NAME", maximum: 4095)
        return Format(
            wanted: text.wanted,
            read: { node, place in
                guard let text = text.read(node, place) else { return nil }
                guard text.hasPrefix("systemd:") else {
                    guard !CredentialsReference.isSecret(text) else {
                        place.report(node.line, CredentialsReference.secretAdvice)
                        return nil
                    }
                    return .file(place.reading.resolve(text))
                }
                let name = String(text.dropFirst(8))
                let isName = !name.isEmpty && name.utf8.allSatisfy { ($0 > 32 && $0 < 127 && $0 != 47) }
                guard isName, !name.hasPrefix("."), name.utf8.count <= 255 else {
                    place.report(node.line, "\(node.shown) does not name a systemd credential; write systemd:NAME")
                    return nil
                }
                return .systemd(name)
            },
            show: { String.quotedForYAML($0.description) })
    }
}
