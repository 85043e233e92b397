import Files
import Glibc

/// Where a camera's model comes into being: a folder beside the model, which holds everything that is half done.
///
/// The model's own name appears in one step, when there is a calibrated model to bear it: a daemon that is started again
/// amid a training finds no model, and goes on learning.
struct LearningPlace: Sendable, Hashable {
    /// The model that the camera is to have.
    let model: String
    /// `STEM.learning` beside it: the frames, the checkpoint, reports.
    let folder: String
    /// The model as long as it is `zanzo train`'s.
    let output: String

    /// The place of the model at `model`.
    init(model: String) {
        self.model = model
        let ending = ".safetensors"
        let stem = model.hasSuffix(ending) ? String(model.dropLast(ending.count)) : model
        folder = stem + ".learning"
        output = folder + "/model.safetensors"
    }

    /// Whether the camera has its model: what is there and can't be read is a model as well, and an error of its own.
    var hasModel: Bool { access(model, F_OK) == 0 || ![ENOENT, ENOTDIR].contains(errno) }

    /// Makes the folder, and those that it lies in, where they are missing.
    ///
    /// - Throws: where this process can't write there. After a day of recording it would be too late to say so.
    func prepare(for camera: String) throws(StartError) {
        var path = ""
        for step in folder.split(separator: "/") {
            path += (path.isEmpty && !folder.hasPrefix("/") ? "" : "/") + step
            if mkdir(path, 0o750) == 0 { continue }
            // Before the next call: what stood in the way is mkdir(2)'s to say, which need not be that nothing is there.
            let problem = errno
            if problem == EEXIST || access(path, F_OK) == 0 { continue }
            throw Self.unusable(path, camera, problem)
        }
        for path in [folder, PathParts(model).directory] where access(path, W_OK | X_OK) != 0 {
            throw Self.unusable(path, camera, errno)
        }
    }

    private static func unusable(_ path: String, _ camera: String, _ problem: Int32) -> StartError {
        StartError(
            camera: camera,
            message:
                "learn: \(path): \(errorText(problem)): uid \(geteuid()) needs to write there to learn a model; leave out "
                + "model:, and it goes to the state directory")
    }

    /// Gives the finished model its name, for good. One that somebody else has laid there meanwhile stays.
    func adopt() throws(StartError) {
        if hasModel { return }
        guard rename(output, model) == 0 else {
            throw StartError(message: "\(model): \(errorText(errno)): the finished model stays at \(output)")
        }
        let directory = open(PathParts(model).directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard directory >= 0 else { return }
        fsync(directory)
        close(directory)
    }

    /// Deletes what only the training needed: a day of frames is 1.8 GB. Reports for people stay.
    func clean() { Self.clean(folder) }

    private static func clean(_ folder: String) {
        for name in Directory.names(in: folder) ?? [] {
            let path = folder + "/" + name
            if [".png", ".json", ".txt"].contains(where: { name.hasSuffix($0) }) { continue }
            // A folder, and no link to one: that is removed, and not followed.
            if unlink(path) != 0, errno == EISDIR { clean(path) }
        }
        rmdir(folder)  // where nothing stays in it
    }
}
