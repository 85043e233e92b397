import FoundationEssentials
import Glibc
import Testing

@testable import Pictures

/// A new directory for a test; the test removes it.
func temporaryDirectory() throws -> String {
    var template = Array("/tmp/zanzo-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw AtomicFile.fault(errno, operation: "make a temporary directory") }
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

func removeTree(_ path: String) { try? FileManager.default.removeItem(atPath: path) }

@Suite struct AtomicFileTests {
    @Test func theNewFileReplacesTheOldOneWholly() throws {
        let directory = try temporaryDirectory()
        defer { removeTree(directory) }
        let path = directory + "/latest.png"
        try atomicWrite(Array(repeating: 1, count: 100_000), path: path)
        try atomicWrite([2, 3], path: path)
        #expect(contents(path) == [2, 3])
        #expect(contents(directory + "/.latest.png.\(getpid())-1\(AtomicFile.temporarySuffix)") == nil)
    }

    @Test func leftoversOfACrashAreSweptAndNothingElse() throws {
        let directory = try temporaryDirectory()
        defer { removeTree(directory) }
        for name in [".a.png.12-1.zanzo-tmp", "a.png", ".hidden", "b.zanzo-tmp"] {
            try atomicWrite([1], path: "\(directory)/\(name)")
        }
        #expect(AtomicFile.removeTemporaryFiles(in: directory) == 1)
        #expect(contents(directory + "/.a.png.12-1.zanzo-tmp") == nil)
        #expect(contents(directory + "/.hidden") == [1] && contents(directory + "/b.zanzo-tmp") == [1])
    }

    @Test func faultsSayWhatToDo() throws {
        #expect(throws: PictureError.self) { try atomicWrite([1], path: "/nonexistent/x") }
        #expect(throws: PictureError.self) { try atomicWrite([1], path: "/proc/x") }
        let full = AtomicFile.fault(ENOSPC, operation: "write /var/lib/zanzo/x")
        #expect(full.code == .noSpace && full.description.contains("free some space"))
        #expect(AtomicFile.fault(EROFS, operation: "").code == .readOnly)
        #expect(AtomicFile.fault(EACCES, operation: "").description.contains("uid"))
    }

    @Test func anOldLinkIsReplacedAndNotFollowed() throws {
        let directory = try temporaryDirectory()
        defer { removeTree(directory) }
        try atomicWrite([9], path: directory + "/precious")
        #expect(symlink("precious", directory + "/latest.png") == 0)
        try atomicWrite([1], path: directory + "/latest.png")
        #expect(contents(directory + "/precious") == [9] && contents(directory + "/latest.png") == [1])
    }
}
