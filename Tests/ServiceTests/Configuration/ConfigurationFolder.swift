import Glibc
import Testing

@testable import Service

/// A folder with a configuration in it, gone with the value.
final class ConfigurationFolder {
    let path: String

    init() throws {
        var template = Array("/tmp/zanzo-test.XXXXXX".utf8CString)
        try #require(mkdtemp(&template) != nil)
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit { removeAll(path) }

    /// Writes a file, and the folder that it lies in.
    @discardableResult
    func write(_ name: String, _ text: String, mode: mode_t = 0o600) throws -> String {
        try write(name, Array(text.utf8), mode: mode)
    }

    @discardableResult
    func write(_ name: String, _ bytes: [UInt8], mode: mode_t = 0o600) throws -> String {
        let file = path + "/" + name
        mkdir(ConfigurationReading.folder(of: file), 0o700)
        let descriptor = open(file, O_WRONLY | O_CREAT | O_TRUNC, mode)
        try #require(descriptor >= 0)
        defer { close(descriptor) }
        try #require(bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) } == bytes.count)
        try #require(fchmod(descriptor, mode) == 0)
        return file
    }

    /// Loads `zanzo.yaml`; messages have the folder's path taken out.
    func load() throws -> Configuration { try Configuration.load(path: path + "/zanzo.yaml") }

    /// What is wrong with it, one line each, without the folder's path.
    func problems() -> [String] {
        do throws(ConfigurationError) {
            _ = try Configuration.load(path: path + "/zanzo.yaml")
            return []
        } catch {
            return error.problems.map { $0.description.replacing(path + "/", with: "") }
        }
    }

    private func removeAll(_ path: String) {
        for name in Directory.names(in: path) ?? [] { removeAll(path + "/" + name) }
        if unlink(path) != 0 { rmdir(path) }
    }
}

/// The problems of `text` as a zanzo.yaml of its own.
func problems(of text: String) throws -> [String] {
    let folder = try ConfigurationFolder()
    try folder.write("zanzo.yaml", text)
    return folder.problems()
}
