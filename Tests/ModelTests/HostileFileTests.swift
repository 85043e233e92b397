import TestSupport
import Kernels
import Testing

@testable import Model

/// What a hostile or broken file says, and the words that the one line about it must have.
@Suite("Model files that cannot be used")
struct HostileFileTests {
    struct Raw: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var bytes: [UInt8]
        var words: [String]

        init(_ name: String, _ bytes: [UInt8], _ words: String...) {
            (testDescription, self.bytes, self.words) = (name, bytes, words)
        }

        init(_ name: String, header: String, data: Int = 8, length: UInt64? = nil, _ words: String...) {
            let text = Array(header.utf8)
            let prefix = withUnsafeBytes(of: (length ?? UInt64(text.count)).littleEndian) { Array($0) }
            self.init(name, prefix + text + Array(repeating: 0, count: data))
            self.words = words
        }
    }

    static func entry(_ name: String, _ type: String, _ shape: String, _ place: String) -> String {
        #""\#(name)":{"dtype":"\#(type)","shape":\#(shape),"data_offsets":\#(place)}"#
    }

    /// Two float32.
    static func entry(_ name: String, _ place: String) -> String { entry(name, "F32", "[2]", place) }

    static let raws: [Raw] = [
        Raw("0 bytes", [], "empty"), Raw("3 bytes", [1, 2, 3], "too short"),
        Raw("8 bytes", Array(repeating: 0, count: 8), "too short"),
        Raw("a header of 2^64 - 1", Array(repeating: 255, count: 64), "header of 18446744073709551615"),
        Raw("a header of 2^63", header: "{}", length: 1 << 63, "header of 9223372036854775808"),
        Raw("a header longer than the file", header: "{}", length: 4000, "cut short"),
        Raw("not JSON", header: "hello", "no { where one belongs"),
        Raw("an array", header: "[]", "no { where one belongs"),
        Raw("no header", header: "", "no { where one belongs"),
        Raw("JSON that ends early", header: #"{"a":{"dtype":"F3"#, "ends inside a text"),
        Raw("nested deeper", header: String(repeating: #"{"a":"#, count: 5000), "tensor a"),
        Raw("something behind", header: "{} {}", data: 0, "behind its closing brace"),
        Raw("invalid UTF-8", [3, 0, 0, 0, 0, 0, 0, 0, 0x7B, 0x22, 0xFF, 0x22], "ends inside a text"),
        Raw("invalid UTF-8 in a name", [4, 0, 0, 0, 0, 0, 0, 0, 0x7B, 0x22, 0xFF, 0x22], "UTF-8"),
        Raw("half a surrogate", header: #"{"\ud800":1}"#, "surrogate"),
        Raw("a bad escape", header: #"{"\u12":1}"#, "hexadecimal"),
        Raw("a control character", header: "{\"a\nb\":1}", "control character"),
        Raw("a name twice", header: "{\(entry("a", "[0,8]")),\(entry("a", "[0,8]"))}", "tensor a", "twice"),
        Raw("metadata that are no texts", header: #"{"__metadata__":{"a":1}}"#, data: 0, "no \" where one belongs"),
        Raw("a metadata key twice", header: #"{"__metadata__":{"a":"1","a":"2"}}"#, data: 0, "key a", "twice"),
        Raw("an unknown type", header: "{\(entry("a", "F31", "[2]", "[0,8]"))}", "tensor a", "F31"),
        Raw("a negative size", header: "{\(entry("a", "F32", "[-2]", "[0,8]"))}", "tensor a", "whole number"),
        Raw("a broken size", header: "{\(entry("a", "F32", "[2.5]", "[0,8]"))}", "tensor a"),
        Raw("a size of 2^64", header: "{\(entry("a", "F32", "[18446744073709551616]", "[0,8]"))}", "a", "too large"),
        Raw(
            "a shape that overflows", header: "{\(entry("a", "F32", "[4294967296,4294967296]", "[0,8]"))}", "too large"),
        Raw("nine dimensions", header: "{\(entry("a", "F32", "[1,1,1,1,1,1,1,1,2]", "[0,8]"))}", "more than 8"),
        Raw("three offsets", header: "{\(entry("a", "F32", "[2]", "[0,8,9]"))}", "tensor a", "more than 2"),
        Raw("one offset", header: "{\(entry("a", "F32", "[2]", "[0]"))}", "tensor a", "data_offsets"),
        Raw("no type", header: #"{"a":{"shape":[2],"data_offsets":[0,8]}}"#, "tensor a", "dtype"),
        Raw("an unknown key", header: #"{"a":{"dtype":"F32","colour":[2]}}"#, "tensor a", "colour"),
        Raw("an end before the beginning", header: "{\(entry("a", "[8,0]"))}", "tensor a", "before it begins"),
        Raw("fewer bytes than the shape takes", header: "{\(entry("a", "[0,4]"))}", data: 4, "tensor a", "takes 8"),
        Raw("data cut short", header: "{\(entry("a", "[0,8]"))}", data: 5, "tensor a", "cut short"),
        Raw("an overlap", header: "{\(entry("a", "[0,8]")),\(entry("b", "[4,12]"))}", data: 12, "tensor b", "overlaps"),
        Raw(
            "a gap", header: "{\(entry("a", "[0,8]")),\(entry("b", "[12,20]"))}", data: 20, "tensor b", "4 bytes unused"
        ),
        Raw("bytes behind", header: "{\(entry("a", "[0,8]"))}", data: 9, "1 bytes behind"),
        Raw("no tensors at all", header: "{}", data: 0, "tensor encoder.0.weight", "missing"),
    ]

    @Test("Files that are not safetensors", arguments: raws)
    func raw(file: Raw) throws {
        let scratch = Scratch()
        let path = try scratch.write(file.bytes)
        Self.expect(path, file.words)
    }

    struct Change: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var words: [String]
        var apply: @Sendable (inout [Safetensors.Tensor], inout [String: String]) -> Void

        init(
            _ name: String, _ words: String...,
            apply: @escaping @Sendable (inout [Safetensors.Tensor], inout [String: String]) -> Void
        ) {
            (testDescription, self.words, self.apply) = (name, words, apply)
        }

        /// Puts `value` at element 3 of a tensor.
        static func poison(_ tensor: String, _ value: Float, _ words: String...) -> Change {
            var change = Change("\(value) in \(tensor)") { tensors, _ in
                guard let index = tensors.firstIndex(where: { $0.name == tensor }) else { return }
                tensors[index].bytes.withUnsafeMutableBytes {
                    $0.storeBytes(of: value, toByteOffset: 12, as: Float.self)
                }
            }
            change.words = [tensor] + words
            return change
        }

        static func topology(_ json: String, _ words: String...) -> Change {
            var change = Change("topology \(json)") { $1[Topology.metadataKey] = json }
            change.words = ["zanzo.topology"] + words
            return change
        }

        static func ranges(_ json: String, _ words: String...) -> Change {
            var change = Change("ranges \(json)") { $1[ActivationRanges.metadataKey] = json }
            change.words = ["zanzo.activations", "quantize it again"] + words
            return change
        }
    }

    static let changes: [Change] = [
        .poison("encoder.3.weight", .nan, "element 3"), .poison("fc1.0.weight", .infinity, "element 3"),
        .poison("gru.bias_hh_l0", -.infinity, "NaN or infinity"), .poison("encoder.1.running_mean", .nan, "element 3"),
        .poison("decoder.4.running_var", -1, "negative variance"),
        Change("a missing tensor", "tensor gru.weight_hh_l0", "is missing") { tensors, _ in
            tensors.removeAll { $0.name == "gru.weight_hh_l0" }
        },
        Change("an unexpected tensor", "tensor fc2.0.weight", "is unexpected") { tensors, _ in
            tensors.append(Safetensors.Tensor(name: "fc2.0.weight", shape: [1], values: [1]))
        },
        Change("half precision", "tensor encoder.0.weight", "F16", "only F32") { tensors, _ in
            tensors[0].dtype = "F16"
            tensors[0].bytes.removeLast(tensors[0].bytes.count / 2)
        },
        Change("another shape", "tensor encoder.0.weight", "instead of [8, 1, 3, 3]") { tensors, _ in
            tensors[0].shape.swapAt(0, 1)
        },
        Change("weights that overflow", "encoder2", "overflows") { tensors, _ in
            guard let index = tensors.firstIndex(where: { $0.name == "encoder.3.weight" }) else { return }
            let count = tensors[index].bytes.count / 4
            tensors[index] = Safetensors.Tensor(
                name: tensors[index].name, shape: tensors[index].shape, values: Array(repeating: 3e38, count: count))
        },
        Change("another topology", "instead of") { $1[Topology.metadataKey] = ModelFiles.odd.json },
        Change("no topology: taken for the article's", "instead of [32, 1, 3, 3]") { $1 = [:] },
        .topology("", "not a topology"), .topology("64", "not a topology"), .topology("{}", "not a topology"),
        .topology(#"{"size":65,"channels":1,"widths":[8,8,8,8,8],"latent":4,"hidden":4}"#, "size 65"),
        .topology(#"{"size":1024,"channels":1,"widths":[8,8,8,8,8],"latent":4,"hidden":4}"#, "size 1024"),
        .topology(#"{"size":-64,"channels":1,"widths":[8,8,8,8,8],"latent":4,"hidden":4}"#, "size -64"),
        .topology(#"{"size":64,"channels":3,"widths":[8,8,8,8,8],"latent":4,"hidden":4}"#, "channels is 3"),
        .topology(#"{"size":64,"channels":1,"widths":[8,8,8,8],"latent":4,"hidden":4}"#, "4 entries"),
        .topology(#"{"size":64,"channels":1,"widths":[8,8,0,8,8],"latent":4,"hidden":4}"#, "width 0"),
        .topology(#"{"size":64,"channels":1,"widths":[8,8,8,8,9999],"latent":4,"hidden":4}"#, "width 9999"),
        .topology(#"{"size":64,"channels":1,"widths":[8,8,8,8,8],"latent":0,"hidden":4}"#, "latent 0"),
        .topology(#"{"size":64,"channels":1,"widths":[8,8,8,8,8],"latent":4,"hidden":99999}"#, "hidden 99999"),
        .topology(#"{"size":512,"channels":1,"widths":[1024,8,8,8,8],"latent":4,"hidden":4}"#, "MiB"),
        .ranges("", "not what zanzo quantize writes"), .ranges("{}", "not what"), .ranges("[1,2,3]", "not what"),
        .ranges("4 of everything", "not what"),
        .ranges(#"{"encoder":[1,1,1,1],"hidden":1}"#, "not what"),
        .ranges(#"{"encoder":[1,1,1,"1"],"hidden":1,"decoder":[1,1,1]}"#, "not what"),
        .ranges(#"{"encoder":[1,1,1,NaN],"hidden":1,"decoder":[1,1,1]}"#, "not what"),
        .ranges(#"{"encoder":[1,1,1,null],"hidden":1,"decoder":[1,1,1]}"#, "not what"),
        .ranges(#"{"encoder":[1,1,1],"hidden":1,"decoder":[1,1,1]}"#, "not four ranges"),
        .ranges(#"{"encoder":[1,1,1,1,1],"hidden":1,"decoder":[1,1,1]}"#, "not four ranges"),
        .ranges(#"{"encoder":[1,1,1,1],"hidden":1,"decoder":[]}"#, "three of the decoder"),
        .ranges(#"{"encoder":[1,0,1,1],"hidden":1,"decoder":[1,1,1]}"#, "1e-30"),
        .ranges(#"{"encoder":[1,1,1,1],"hidden":-1,"decoder":[1,1,1]}"#, "1e-30"),
        .ranges(#"{"encoder":[1,1,1,1],"hidden":1e-44,"decoder":[1,1,1]}"#, "1e-30"),
        .ranges(#"{"encoder":[1,1,1,1],"hidden":1,"decoder":[1,3e38,1]}"#, "1e30"),
        .ranges(#"{"encoder":[1,1,1,1],"hidden":1,"decoder":[1,1e99,1]}"#),
    ]

    @Test("Safetensors files that are no model", arguments: changes)
    func changed(change: Change) throws {
        let scratch = Scratch()
        var tensors = ModelFiles.tensors(ModelFiles.even)
        var metadata = ModelFiles.metadata(ModelFiles.even)
        change.apply(&tensors, &metadata)
        try Safetensors.write(path: scratch.file("model.safetensors"), tensors: tensors, metadata: metadata)
        Self.expect(scratch.file("model.safetensors"), change.words)
    }

    @Test("Places that are no files", arguments: ["nothing", "", "."])
    func places(name: String) throws {
        let scratch = Scratch()
        Self.expect(scratch.file(name), name == "nothing" ? ["cannot be opened"] : ["not a regular file"])
    }

    @Test("Bytes changed at random never do worse than a clear line", arguments: 0..<8)
    func fuzz(seed: Int) throws {
        var random = SplitMix(seed: UInt64(seed))
        let scratch = Scratch()
        let path = try ModelFiles.write(ModelFiles.even, in: scratch)
        let file = try SafetensorsFile(path: path)
        let original = Array(file.mapping.bytes)
        let headerEnd = original.count - file.data.count
        for _ in 0..<40 {
            var bytes = original
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                bytes[Int.random(in: 0..<headerEnd, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            if Int.random(in: 0..<4, using: &random) == 0 {
                bytes.removeLast(Int.random(in: 1...bytes.count, using: &random))
            }
            let changed = try scratch.write(bytes, "changed.safetensors")
            do {
                _ = try Model(path: changed, kernels: .best)
            } catch {
                #expect(error.description.hasPrefix("\(changed): "))
                #expect(!error.description.contains { $0.isNewline })
            }
        }
    }

    static func expect(_ path: String, _ words: [String]) {
        do {
            _ = try Model(path: path)
            Issue.record("a file that should have been refused was taken")
        } catch {
            let line = error.description
            #expect(line.hasPrefix("\(path): "), "\(line)")
            #expect(!line.contains { $0.isNewline }, "\(line)")
            for word in words { #expect(line.contains(word), "\(line)") }
        }
    }
}
