import FoundationEssentials
import Glibc
import Testing

@testable import Files

/// A new directory for a test; the test removes it.
func temporaryDirectory() throws -> String {
    var template = Array("/tmp/zanzo-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw FileError(errno: errno, operation: "make a temporary directory") }
    return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
}

/// The whole of a file; nil where there is none.
func contents(_ path: String) -> [UInt8]? {
    guard let file = fopen(path, "r") else { return nil }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65536)
    while case let count = fread(&buffer, 1, buffer.count, file), count > 0 { bytes += buffer.prefix(count) }
    return bytes
}

func names(_ path: String) throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: path) }

func removeTree(_ path: String) { try? FileManager.default.removeItem(atPath: path) }

@Suite struct AtomicFileTests {
    @Test func theNewFileReplacesTheOldOneWholly() throws {
        let directory = try temporaryDirectory()
        defer { removeTree(directory) }
        let path = directory + "/latest.png"
        try AtomicFile.write(Array(repeating: 1, count: 100_000), path: path)
        try AtomicFile.write([2, 3], path: path)
        #expect(contents(path) == [2, 3])
        #expect(try names(directory) == ["latest.png"])
    }

    @Test func whatIsGivenUpLeavesNothingAndTheOldFileAsItWas() throws {
        let directory = try temporaryDirectory()
        defer { removeTree(directory) }
        let path = directory + "/model"
        try AtomicFile.write([1], path: path)
        do {
            let file = try AtomicFile(replacing: path)
            try file.write([2, 3])
            #expect(try names(directory).count == 2, "a temporary file beside the old one")
        }
        #expect(try names(directory) == ["model"] && contents(path) == [1])
    }

    @Test func aFileInPartsHasThePermissionsAskedFor() throws {
        let directory = try temporaryDirectory()
        defer { removeTree(directory) }
        let path = directory + "/model"
        let file = try AtomicFile(replacing: path, mode: 0o604)
        try file.write([1, 2])
        try file.write([3])
        try file.commit()
        var status = stat()
        #expect(stat(path, &status) == 0 && status.st_mode & 0o777 == 0o604)
        #expect(contents(path) == [1, 2, 3])
    }

    @Test(arguments: ["", "a/b", "a\0b"])
    func aNameThatIsNoneIsRefused(name: String) throws {
        let directory = open("/tmp", O_RDONLY)
        defer { close(directory) }
        let error = #expect(throws: FileError.self) {
            try AtomicFile.write([1], name: name, directory: directory, shown: "x")
        }
        #expect(error?.code == .badName)
    }

    @Test func aPathIsTakenApart() {
        for (path, directory, name) in [("/a/b", "/a", "b"), ("/b", "/", "b"), ("b", ".", "b"), ("a/b/", "a/b", "")] {
            #expect(PathParts(path).directory == directory && PathParts(path).name == name)
        }
    }

    @Test func faultsSayWhatToDo() throws {
        #expect(throws: FileError.self) { try AtomicFile.write([1], path: "/nonexistent/x") }
        #expect(throws: FileError.self) { try AtomicFile.write([1], path: "/proc/x") }
        let full = FileError(errno: ENOSPC, operation: "write /var/lib/zanzo/x")
        #expect(full.code == .noSpace && full.description.contains("free some space"))
        #expect(FileError(errno: EROFS, operation: "").code == .readOnly)
        #expect(FileError(errno: EACCES, operation: "").description.contains("uid"))
    }

    @Test func anOldLinkIsReplacedAndNotFollowed() throws {
        let directory = try temporaryDirectory()
        defer { removeTree(directory) }
        try AtomicFile.write([9], path: directory + "/precious")
        #expect(symlink("precious", directory + "/latest.png") == 0)
        try AtomicFile.write([1], path: directory + "/latest.png")
        #expect(contents(directory + "/precious") == [9] && contents(directory + "/latest.png") == [1])
    }
}
