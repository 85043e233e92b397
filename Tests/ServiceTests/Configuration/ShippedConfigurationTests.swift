import Capture
import Testing

@testable import Service

@Suite struct ShippedConfigurationTests {
    static let path = ConfigurationReading.folder(of: #filePath) + "/../../../config/zanzo.yaml"

    static func text() throws -> String {
        String(decoding: try BoundedFile.read(path, limit: 1 << 20), as: UTF8.self)
    }

    /// The file with the # taken away before every key, as its head describes it.
    static func uncommented() throws -> String {
        try text().split(separator: "\n", omittingEmptySubsequences: false).map { line in
            let indentation = line.prefix { $0 == " " }
            let rest = line.dropFirst(indentation.count)
            let isKey = rest.first == "#" && rest.dropFirst().first.map { ("a"..."z").contains($0) } ?? false
            return isKey ? "\(indentation)\(rest.dropFirst())" : String(line)
        }.joined(separator: "\n")
    }

    @Test("as shipped it is the defaults without a camera")
    func asShipped() throws {
        #expect(try Configuration.load(path: Self.path) == Configuration())
    }

    @Test("the defaults that it states are the code's")
    func statedDefaults() throws {
        let folder = try ConfigurationFolder()
        try folder.write("zanzo.yaml", Self.uncommented())
        var expected = Configuration()
        let source = try SourceSpecification(parsing: "/dev/video0")
        var camera = CameraConfiguration(
            name: "porch", source: source, model: "/etc/zanzo/models/street.safetensors")
        camera.source.options.realTime = true
        expected.cameras = [camera]
        #expect(try folder.load() == expected)
    }

    @Test("every key stands in it, and no line of it is too long")
    func everyKey() throws {
        let root = try #require(try YAMLParser.parse(Array(Self.uncommented().utf8)))
        func keys(_ node: YAMLNode, _ prefix: String) -> [String] {
            guard case .mapping(let entries) = node.content else { return [] }
            return entries.flatMap { [prefix + $0.key] + keys($0.value, prefix + $0.key + ".") }
        }
        let written = keys(root, "").filter { !$0.hasPrefix("cameras.") }
        let known = Schema.top.fields.flatMap { field in [field.name] + field.inner.map { field.name + "." + $0 } }
        #expect(Set(written) == Set(known))
        for key in known.map({ $0.split(separator: ".").last ?? "" }) {
            let lines = try Self.text().split(separator: "\n").filter {
                $0.hasSuffix("#\(key):") || $0.contains("\(key):")
            }
            #expect(!lines.isEmpty, "\(key)")
        }
        #expect(try Self.text().split(separator: "\n").allSatisfy { $0.count <= 124 })
    }

    @Test("what is shown is read back as the same")
    func showRoundTrip() throws {
        let folder = try ConfigurationFolder()
        let shown = Schema.top.show(Configuration(), indentation: 0).joined(separator: "\n")
        try folder.write("zanzo.yaml", shown)
        #expect(try folder.load() == Configuration())
    }
}
