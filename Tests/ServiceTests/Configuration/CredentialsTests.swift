import Capture
import Testing

@testable import Service

@Suite struct CredentialsTests {
    @Test(
        "both forms are read",
        arguments: [
            "admin:pa:ss word", "admin:pa:ss word\n", "admin:pa:ss word\r\n", "user=admin\npassword=pa:ss word\n",
            "password=pa:ss word\nuser=admin",
        ])
    func forms(_ text: String) throws {
        let folder = try ConfigurationFolder()
        let credentials = try CredentialsReference.file(folder.write("c", text, mode: 0o640)).load()
        #expect(credentials.user == "admin" && credentials.password == "pa:ss word")
        #expect("\(credentials) \(String(reflecting: credentials))" == "*** ***")
    }

    @Test("what is neither is refused without showing it", arguments: ["", "\n", "admin", ":x", "user=a\n", "a\nb\nc"])
    func refused(_ text: String) throws {
        let folder = try ConfigurationFolder()
        let path = try folder.write("c", text)
        #expect(
            throws: CredentialsError(
                what: path, message: "has neither one line user:password nor two lines user=NAME and password=WORD")
        ) { try CredentialsReference.file(path).load() }
    }

    @Test("a file that everyone may read is refused, and the command that mends it named")
    func worldReadable() throws {
        let folder = try ConfigurationFolder()
        let path = try folder.write("c", "a:b", mode: 0o644)
        let error = #expect(throws: CredentialsError.self) { try CredentialsReference.file(path).load() }
        #expect(
            error?.description
                == "credentials \(path): everyone on this machine may read the password in it; run chmod 640 \(path)")
        #expect(throws: CredentialsError(what: path + "x", message: "can't be opened: No such file or directory")) {
            try CredentialsReference.file(path + "x").load()
        }
        let long = try folder.write("long", String(repeating: "a", count: 5000))
        #expect(throws: CredentialsError(what: long, message: "has 5000 bytes; at most 4096 are read")) {
            try CredentialsReference.file(long).load()
        }
    }

    @Test("a systemd credential comes from its directory")
    func systemd() throws {
        let folder = try ConfigurationFolder()
        try folder.write("porch", "a:b", mode: 0o444)
        #expect(try CredentialsReference.systemd("porch").load(directory: folder.path).password == "b")
        let error = #expect(throws: CredentialsError.self) {
            try CredentialsReference.systemd("porch").load(directory: nil)
        }
        #expect(
            error?.description == "credentials systemd:porch: CREDENTIALS_DIRECTORY is not set; "
                + "add LoadCredential=porch:PATH to the unit's [Service]")
    }

    @Test("a camera's source takes them when it is opened")
    func opening() throws {
        let folder = try ConfigurationFolder()
        let path = try folder.write("c", "a:b")
        var camera = CameraConfiguration(
            name: "x", source: try SourceSpecification(parsing: "rtsp://host/live"), model: "m")
        #expect(try camera.sourceForOpening() == camera.sourceAtItsRate)
        camera.credentials = .file(path)
        let source = try camera.sourceForOpening()
        #expect(source.options.user == "a" && source.options.password == "b")
        #expect(camera.source.options.user == nil)
    }
}
