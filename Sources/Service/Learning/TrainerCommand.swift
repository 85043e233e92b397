import Capture
import Glibc
import Pictures
import Video

/// The program that trains, `zanzo train`, and what it is told to do for a camera.
///
/// The source goes to its standard input: an address may hold a password, and every user of the machine reads command
/// lines. With it go the masks, the regions and the detector's settings: the alarm line is to hold for them.
struct TrainerCommand: Sendable, Hashable {
    /// The program's path.
    let path: String
    /// Its arguments, the name left out.
    let arguments: [String]
    /// What it reads: the camera as one line of JSON.
    let input: [UInt8]

    /// The command that learns `camera`'s model in `place`; `turn` is the file by which trainings take turns.
    init(path: String, camera: CameraConfiguration, place: LearningPlace, turn: String) throws(StartError) {
        self.path = path
        let learn = camera.learn
        func text(_ number: Double) -> String { NumberText.short(number, digits: 6) }
        var arguments = [
            "train", HandedSource.argument, "--out", place.output,
            "--record", Quantity.show(learn.recordFor ?? .zero), "--rate", text(camera.rate),
            "--minutes", text(learn.trainFor.seconds / 60), "--alerts-per-day", text(learn.alertsPerDay),
            "--threads", "\(learn.threads)", "--turn", turn, "--resume", "--unattended",
        ]
        if let method = camera.method { arguments += ["--score", "\(method)"] }
        if let credentials = camera.credentials { arguments += ["--credentials", "\(credentials)"] }
        self.arguments = arguments
        input = try HandedSource.line(camera)
    }

    /// Finds `zanzo`: beside this program, as it is installed, else in `PATH`.
    static func program(named name: String = "zanzo", searching path: String? = Environment["PATH"])
        throws(StartError) -> String
    {
        let own = DemoSetup.ownPath.map { String($0.prefix(upTo: $0.lastIndex(of: "/") ?? $0.startIndex)) }
        let folders = [own].compactMap { $0 } + (path ?? "").split(separator: ":").map(String.init)
        for folder in folders where folder.hasPrefix("/") && access("\(folder)/\(name)", X_OK) == 0 {
            return "\(folder)/\(name)"
        }
        throw StartError(
            message:
                "learn: the program \(name), which trains, lies neither in \(own ?? "this program's folder") nor in PATH: "
                + "install it beside zanzod")
    }
}
