import Files
import Glibc
import Service
import Training

/// Where a training run keeps what it has and what it makes, all beside the model.
struct TrainingFiles {
    /// The model.
    let model: String
    /// Where an unfinished run can be taken up.
    let checkpoint: String
    /// The folder of all the rest: MODEL without its suffix and with `.training`.
    let folder: String
    /// The frames.
    let footage: String

    /// The ending of frame stores' names.
    private static let footageSuffix = ".frames"

    init(model: String) {
        self.model = model
        checkpoint = UnfinishedTraining.checkpoint(of: model)
        let suffix = ".safetensors"
        folder = (model.hasSuffix(suffix) ? String(model.dropLast(suffix.count)) : model) + ".training"
        footage = folder + "/footage" + Self.footageSuffix
    }

    /// A file in the folder.
    func file(_ name: String) -> String { folder + "/" + name }

    /// Makes the folder; throws where the model could not be written at the end: hours later would be too late.
    func prepare() throws(TrainingError) {
        let parts = PathParts(model)
        guard !parts.name.isEmpty, !Self.isFolder(model) else {
            throw TrainingError("--out \(model): is a folder; name the file to write, such as porch.safetensors")
        }
        guard access(parts.directory, W_OK | X_OK) == 0 else {
            throw TrainingError(
                "--out \(model): \(parts.directory) cannot be written: \(errorText(errno)); name another place")
        }
        guard mkdir(folder, 0o755) == 0 || errno == EEXIST && Self.isFolder(folder) else {
            throw TrainingError("--out \(model): \(folder): \(errorText(errno)); name another place")
        }
    }

    /// What a person looks at first.
    var reportPicture: String { file("report.png") }

    /// Whether a source is a frame store, by its name.
    static func isFootage(_ path: String) -> Bool { path.hasSuffix(footageSuffix) }

    static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    private static func isFolder(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }
}

/// One run at a time in a place: an advisory lock (flock(2)) on its folder, free again however its holder ended.
///
/// Two would write one checkpoint, and each would take the other's for its own.
final class TrainingLock {
    private let folder: Int32

    /// Takes the place of `files`; throws where another run has it.
    init(_ files: TrainingFiles) throws(TrainingError) {
        folder = open(files.folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { throw TrainingError("\(files.folder): \(errorText(errno))") }
        while flock(folder, LOCK_EX | LOCK_NB) != 0 {
            let number = errno
            if number == EINTR { continue }
            throw TrainingError(
                number == EWOULDBLOCK
                    ? "--out \(files.model): another zanzo train is at work there; let it end, or name another place"
                    : "\(files.folder): \(errorText(number)): it is locked, so that one training at a time works there")
        }
    }

    deinit { if folder >= 0 { close(folder) } }
}
