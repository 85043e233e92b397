import ArgumentParser
import Service

/// Of which camera the footage is: by what it is scored, as the daemon would.
struct CameraOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Score as this camera of the configuration: its regions, masks, detector, method, precision and rate.",
            valueName: "name"))
    var camera: String?
    @Option(help: ArgumentHelp("The configuration with that camera.", valueName: "file"))
    var config = "/etc/zanzo/zanzo.yaml"

    /// The camera; nil where none is named. Throws where the configuration can't be read or does not have it.
    func configured() throws -> CameraConfiguration? {
        guard let camera else { return nil }
        let cameras = try Configuration.load(path: config).cameras
        guard let found = cameras.first(where: { $0.name == camera }) else {
            let names = cameras.map(\.name).sorted().joined(separator: ", ")
            throw StartError(message: "--camera \(camera): \(config) has no camera of that name; it has: \(names)")
        }
        return found
    }
}
