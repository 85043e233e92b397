import FoundationEssentials
import Kernels
import Testing

@testable import Service

@Suite struct DoctorTests {
    static let zanzo = Account(name: "zanzo", user: 990, groups: [990, 44])

    static func folder(_ path: String, _ mode: UInt32 = 0o755, owner: UInt32 = 0, group: UInt32 = 0) -> FolderFacts {
        var facts = FolderFacts(path: path)
        (facts.mode, facts.owner, facts.group) = (mode, owner, group)
        return facts
    }

    static func judge(_ last: FolderFacts?, parent: FolderFacts = folder("/var/lib")) -> Finding {
        Doctor.directory("/var/lib/zanzo", [folder("/"), folder("/var"), parent, last], for: zanzo, keys: "key")
    }

    @Test(arguments: [
        (folder("d", 0o750, owner: 990, group: 990), true), (folder("d", 0o770, group: 44), true),
        (folder("d", 0o777), true), (folder("d", 0o755), false), (folder("d", 0o550, owner: 990), false),
        // The owner's bits count for the owner, whatever the others may do.
        (folder("d", 0o077, owner: 990), false),
    ])
    func aDirectoryIsGoodWhereItsUserMayWrite(facts: FolderFacts, isGood: Bool) {
        #expect(Self.judge(facts).isProblem == !isGood)
    }

    @Test func everyProblemOfADirectorySaysWhatToDo() {
        var file = Self.folder("/var/lib/zanzo")
        file.isDirectory = false
        #expect(Self.judge(file).text.contains("is not a directory: move it away"))
        var readOnly = Self.folder("/var/lib/zanzo", 0o777)
        readOnly.isReadOnly = true
        #expect(Self.judge(readOnly).text.contains("remount it"))
        #expect(Self.judge(nil).text.contains("sudo install -d -m 750 -o zanzo -g zanzo /var/lib/zanzo"))
        #expect(Self.judge(Self.folder("d")).text.contains("sudo chown zanzo: /var/lib/zanzo"))
        let closed = Self.judge(Self.folder("d", 0o777), parent: Self.folder("/home/eva", 0o700, owner: 1000))
        #expect(closed.isProblem && closed.text.contains("may not enter /home/eva"))
    }

    @Test func aMissingDirectoryIsMadeWhereThatIsAllowed() {
        let finding = Self.judge(nil, parent: Self.folder("/var/lib", 0o755, owner: 990))
        #expect(!finding.isProblem && finding.text.contains("zanzod will make it"))
    }

    @Test func rootMayDoEverything() {
        let root = Account(name: "root", user: 0, groups: [0])
        #expect(root.may(7, Self.folder("d", 0)))
    }

    @Test func aFileMustBeReadableByTheDaemonsUser() {
        func judge(_ file: FolderFacts?, in folder: FolderFacts) -> String? {
            let chain = [Self.folder("/"), folder, file]
            return Doctor.reading("/etc/porch", chain, for: Self.zanzo, mode: "640")
        }
        let open = Self.folder("/etc")
        #expect(judge(Self.folder("porch", 0o644), in: open) == nil)
        #expect(judge(Self.folder("porch", 0o640, group: 990), in: open) == nil)
        #expect(judge(Self.folder("porch", 0o600), in: open)?.contains("sudo chmod 640 /etc/porch") == true)
        #expect(judge(nil, in: open)?.contains("not there") == true)
        #expect(judge(Self.folder("porch"), in: Self.folder("/etc", 0o700))?.contains("may not enter /etc") == true)
        #expect(judge(nil, in: Self.folder("/etc", 0o700))?.contains("may not enter /etc") == true)
    }

    @Test func ancestorsLeadFromTheRootToThePath() {
        #expect(Doctor.ancestors("/var/lib/zanzo") == ["/", "/var", "/var/lib", "/var/lib/zanzo"])
        #expect(Doctor.ancestors("here").last?.hasSuffix("/here") == true)
    }

    @Test func spaceUnderItsFloorIsAProblem() {
        #expect(!Doctor.space("/", free: 2 << 30, floor: 1 << 30).isProblem)
        #expect(Doctor.space("/", free: (1 << 30) - 1, floor: 1 << 30).isProblem)
    }

    @Test func aDaemonsStatusIsHeldAgainstTheConfiguration() throws {
        var status = WatchScreenTests.status(["porch", "yard", "door"])
        status.version = zanzoVersion
        var configuration = Configuration()
        let model = DaemonFixture.model
        configuration.cameras = ["porch", "yard", "door"].map { name in
            var camera = DaemonFixture.camera(name, seconds: 1)
            camera.model = model
            return camera
        }
        func problems() -> [String] { Doctor.daemon(status, configuration).filter(\.isProblem).map(\.text) }
        #expect(problems().isEmpty)
        status.cameras[1].state = "offline"
        #expect(problems().count == 1 && problems()[0].contains("yard is offline: zanzo doctor '/dev/video0'"))
        status.cameras.removeLast()
        #expect(problems().count == 2 && problems()[1].contains("door: in the configuration, and not watched"))
        status.version = "0.0.1"
        #expect(problems().contains { $0.contains("it is version 0.0.1") })
        status.isAlive = false
        #expect(problems().contains { $0.contains("stands still") })
    }

    @Test func aModelWithoutThresholdIsAProblem() throws {
        var configuration = Configuration()
        configuration.cameras = [DaemonFixture.camera(seconds: 1)]
        #expect(Doctor.models(configuration).map(\.isProblem) == [false])
        configuration.cameras[0].model = "/nowhere.safetensors"
        #expect(Doctor.models(configuration).map(\.isProblem) == [true])
        configuration.cameras[0].enabled = false
        #expect(Doctor.models(configuration).isEmpty)
    }

    @Test func readsProcFiles() {
        let cpu = "processor\t: 0\nmodel\t\t: 17\nmodel name\t: AMD EPYC 9R14\n\nprocessor\t: 1\n"
        #expect(Doctor.processorName(Array(cpu.utf8)) == "AMD EPYC 9R14")
        #expect(Doctor.processorName(Array("flags: none\n".utf8)) == nil)
        let maps = """
            7f00-7f01 r-xp 00000000 08:01 42                         /usr/lib/x86_64-linux-gnu/libsystemd.so.0.35.0
            7ffc-7ffd rw-p 00000000 00:00 0                          [stack]
            """
        #expect(
            Doctor.loadedLibrary("libsystemd.so", Array(maps.utf8)) == "/usr/lib/x86_64-linux-gnu/libsystemd.so.0.35.0")
        #expect(Doctor.loadedLibrary("libpng", Array(maps.utf8)) == nil)
    }

    @Test func theLibrariesInUseAreNamed() {
        let text = Doctor.libraries().map(\.text).joined()
        for name in ["libavformat ", "libavcodec ", "libswscale ", "libpng 1.", "libyaml ", "libsystemd.so"] {
            #expect(text.contains(name), "\(name)")
        }
    }

    @Test func examinesAMachineWithoutAConfiguration() {
        var lines: [String] = []
        #expect(!Doctor.examineMachine(configuration: "/nowhere/zanzo.yaml", user: "zanzo") { lines.append($0) })
        #expect(lines.contains { $0.hasPrefix("PROBLEM  config") && $0.contains("/nowhere/zanzo.yaml") })
        #expect(lines.last?.contains("problem") == true)
    }
}
