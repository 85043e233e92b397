import Anomaly
import CFFmpeg
import Glibc
import Kernels
import Model

/// Loads model files once for each arithmetic, however many cameras use them, and again where the file was replaced.
struct ModelLibrary {
    /// A loaded file, and by what a later look can tell that it is still the same one.
    private struct Entry {
        let model: Model
        let identity: String
        let calibration: Calibration?
        let stamp: Stamp
    }

    private struct Stamp: Equatable {
        let device: UInt64
        let inode: UInt64
        let size: Int
        let seconds: Int
        let nanoseconds: Int
    }

    private struct Key: Hashable {
        let path: String
        let precision: Precision
    }

    private var entries: [Key: Entry] = [:]
    private let kernels: KernelTable

    init(kernels: KernelTable) { self.kernels = kernels }

    /// The plan by which `camera` scores: its model, the method and the threshold.
    ///
    /// Where the camera names no method, the calibration's is used; a threshold of the configuration goes before the
    /// calibration's. A calibration for another method than the camera asks for is an error: its threshold means nothing.
    mutating func plan(for camera: CameraConfiguration) throws(StartError) -> ScoringPlan {
        let entry = try load(camera.model, camera.precision, for: camera.name)
        let rule = AlarmRule(
            method: camera.method, threshold: camera.threshold, detector: camera.detector,
            calibration: entry.calibration)
        if let problem = rule.problem(of: camera.model) { throw StartError(camera: camera.name, message: problem) }
        // A threshold of the user's own is the user's to trust.
        let doubts = [
            entry.model.trainingSummary?.doubt, camera.threshold == nil ? entry.calibration?.warning : nil,
        ]
        return ScoringPlan(
            model: entry.model, identity: entry.identity, method: rule.method, threshold: rule.threshold,
            training: entry.model.trainingSummary, doubts: doubts.compactMap(\.self), detector: rule.detector)
    }

    /// Forgets the models that none of `cameras` names: after a reload nobody asks for them any more.
    mutating func keep(only cameras: [CameraConfiguration]) {
        let named = Set(cameras.map { Key(path: $0.model, precision: $0.precision) })
        entries = entries.filter { named.contains($0.key) }
    }

    /// Models that are held.
    var count: Int { entries.count }

    private mutating func load(
        _ path: String, _ precision: Precision, for camera: String
    ) throws(StartError) -> Entry {
        var stamp = try Self.stamp(path, camera)
        let key = Key(path: path, precision: precision)
        if let known = entries[key], known.stamp == stamp { return known }
        for _ in 0..<Self.attempts {
            let entry = try read(path, precision, stamp, for: camera)
            // A file that takes the place of the other between the looks would be scored under the other's name.
            let after = try Self.stamp(path, camera)
            if after == stamp {
                entries[key] = entry
                return entry
            }
            stamp = after
        }
        throw StartError(
            camera: camera, message: "model \(path): it is being replaced again and again: try again later")
    }

    /// Times that a file which is replaced while it is read is read anew.
    private static let attempts = 5

    private func read(
        _ path: String, _ precision: Precision, _ stamp: Stamp, for camera: String
    ) throws(StartError) -> Entry {
        do {
            let model = try Model(path: path, precision: precision, kernels: kernels)
            let calibration = try model.calibration()
            return Entry(model: model, identity: try Self.digest(path, camera), calibration: calibration, stamp: stamp)
        } catch let error as StartError {
            throw error
        } catch {
            throw StartError(camera: camera, message: "\(error)")
        }
    }

    private static func stamp(_ path: String, _ camera: String) throws(StartError) -> Stamp {
        var status = stat()
        guard stat(path, &status) == 0 else {
            throw StartError(
                camera: camera,
                message: "model \(path): \(errorText(errno)): train one, or name another in model:")
        }
        return Stamp(
            device: UInt64(status.st_dev), inode: UInt64(status.st_ino), size: Int(status.st_size),
            seconds: status.st_mtim.tv_sec, nanoseconds: status.st_mtim.tv_nsec)
    }

    /// The file's SHA-256 as `sha256:` and 64 hexadecimal digits, by FFmpeg's libavutil, which is linked anyway.
    static func digest(_ path: String, _ camera: String) throws(StartError) -> String {
        guard let file = fopen(path, "rb"), let context = av_sha_alloc(), av_sha_init(context, 256) == 0 else {
            throw StartError(camera: camera, message: "model \(path): \(errorText(errno))")
        }
        defer {
            fclose(file)
            av_free(UnsafeMutableRawPointer(context))
        }
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while case let count = fread(&buffer, 1, buffer.count, file), count > 0 {
            av_sha_update(context, buffer, count)
        }
        var digest = [UInt8](repeating: 0, count: 32)
        av_sha_final(context, &digest)
        let digits = Array("0123456789abcdef".utf8)
        let text = digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
        return "sha256:" + String(decoding: text, as: UTF8.self)
    }
}

extension AlarmRule {
    /// Why a camera can't be scored by it with the model at `path`; nil where it can.
    func problem(of path: String) -> String? {
        unfitMethod.map {
            "\(path) was calibrated for score: \($0), but the camera asks for \(method): calibrate again with `zanzo "
                + "calibrate --score \(method)`, or leave out score:"
        }
    }
}
