import FoundationEssentials
import Glibc
import Testing

@testable import Model

@Suite("Writing model files")
struct SafetensorsTests {
    @Test("Metadata are replaced, tensors stay, nothing is left behind")
    func replace() throws {
        let scratch = Scratch()
        let path = try ModelFiles.write(ModelFiles.even, in: scratch)
        chmod(path, 0o640)
        let old = try SafetensorsFile(path: path)
        let before = Array(old.data)
        let awkward = "quote \" backslash \\ newline \n tab \t bell \u{7} é 残像 🎥"
        try Safetensors.replaceMetadata(path: path) { metadata in
            #expect(metadata == ModelFiles.metadata(ModelFiles.even))
            metadata["zanzo.calibration"] = awkward
        }
        let after = try SafetensorsFile(path: path)
        #expect(Array(after.data) == before)
        #expect(after.metadata["zanzo.calibration"] == awkward)
        #expect(after.mapping.mode == 0o640)
        #expect(scratch.names == ["model-1.safetensors"])
        let model = try Model(path: path)
        #expect(model.metadata["zanzo.calibration"] == awkward)
    }

    @Test("A symbolic link stays one")
    func link() throws {
        let scratch = Scratch()
        let path = try ModelFiles.write(ModelFiles.even, in: scratch)
        symlink(path, scratch.file("link"))
        try Safetensors.replaceMetadata(path: scratch.file("link")) { $0["a"] = "b" }
        #expect(try SafetensorsFile(path: path).metadata["a"] == "b")
        var status = stat()
        lstat(scratch.file("link"), &status)
        #expect(status.st_mode & S_IFMT == S_IFLNK)
    }

    @Test("A file that is no model is refused and left alone")
    func refused() throws {
        let scratch = Scratch()
        let path = try scratch.write(Array("not a model".utf8))
        #expect(throws: ModelError.self) { try Safetensors.replaceMetadata(path: path) { $0["a"] = "b" } }
        #expect(try Data(contentsOf: URL(filePath: path)) == Data("not a model".utf8))
        #expect(scratch.names.count == 1)
        #expect(throws: ModelError.self) { try Safetensors.replaceMetadata(path: scratch.file("none")) { _ in } }
    }

    @Test("A file that cannot be written says so")
    func unwritable() throws {
        let error = #expect(throws: ModelError.self) {
            try Safetensors.write(path: "/proc/no/model.safetensors", tensors: [])
        }
        #expect(error?.code == .unwritable)
        #expect(error?.description.hasPrefix("/proc/no/model.safetensors: cannot be replaced") == true)
    }

    @Test("What is written is read: odd header lengths, no metadata, every type", arguments: 0..<9)
    func roundTrip(length: Int) throws {
        let scratch = Scratch()
        let tensors = [
            Safetensors.Tensor(name: String(repeating: "n", count: length), dtype: "U8", shape: [3], bytes: [1, 2, 3]),
            Safetensors.Tensor(name: "empty", dtype: "F64", shape: [0, 4], bytes: []),
            Safetensors.Tensor(name: "scalar", shape: [], values: [1.5]),
        ]
        let path = scratch.file("file")
        try Safetensors.write(path: path, tensors: tensors)
        let file = try SafetensorsFile(path: path)
        #expect(file.tensors.map(\.name) == tensors.map(\.name))
        #expect(file.tensors.map(\.shape) == tensors.map(\.shape))
        for (found, wanted) in zip(file.tensors, tensors) { #expect(Array(file.bytes(of: found)) == wanted.bytes) }
        #expect(file.metadata.isEmpty)
        #expect((file.mapping.bytes.count - file.data.count) % 8 == 0)
    }

    @Test("The article's topology is the default, and knows its work")
    func article() {
        #expect(Topology.article.problem == nil)
        #expect(Topology.article.multiplyAdds == 154_746_928)
        #expect(ModelFiles.odd.problem == nil)
    }
}
