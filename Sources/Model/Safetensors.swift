import Files
import Glibc

/// Writing safetensors files: whole, or not at all.
public enum Safetensors {
    /// A tensor to be written.
    public struct Tensor: Sendable {
        /// Its name, PyTorch's state_dict's for a model.
        public var name: String
        /// Its type as safetensors writes it (`F32`, `I64`, …).
        public var dtype: String
        /// Its dimensions, the slowest first.
        public var shape: [Int]
        /// Its elements, little endian.
        public var bytes: [UInt8]

        /// A tensor of raw bytes.
        public init(name: String, dtype: String, shape: [Int], bytes: [UInt8]) {
            (self.name, self.dtype, self.shape, self.bytes) = (name, dtype, shape, bytes)
        }

        /// A tensor of float32.
        public init(name: String, shape: [Int], values: [Float]) {
            self.init(name: name, dtype: "F32", shape: shape, bytes: values.withUnsafeBytes { Array($0) })
        }
    }

    /// Writes a file, atomically: a reader sees the old file or the new one, also after a crash.
    public static func write(
        path: String, tensors: [Tensor], metadata: [String: String] = [:]
    ) throws(ModelError) {
        var at = 0
        let entries = tensors.map { tensor in
            defer { at += tensor.bytes.count }
            return SafetensorsFile.Tensor(
                name: tensor.name, dtype: tensor.dtype, shape: tensor.shape, range: at..<at + tensor.bytes.count)
        }
        do {
            let file = try AtomicFile(replacing: path, mode: 0o644)
            try file.write(header(entries, metadata))
            for tensor in tensors { try file.write(tensor.bytes) }
            try file.commit()
        } catch {
            throw ModelError(replacing: path, error)
        }
    }

    /// Changes the metadata of a model file and leaves its tensors as they are, atomically.
    ///
    /// Two processes that do this at the same time wait for each other. A symbolic link is followed, not replaced.
    public static func replaceMetadata(
        path: String, _ change: (inout [String: String]) -> Void
    ) throws(ModelError) {
        let target = try resolved(path)
        let lock = try DirectoryLock(of: target)
        let old = try SafetensorsFile(path: target)
        var metadata = old.metadata
        change(&metadata)
        do {
            let file = try AtomicFile(replacing: target, mode: old.mapping.mode)
            try file.write(header(old.tensors, metadata))
            try file.write(old.data)
            try file.commit()
        } catch {
            throw ModelError(replacing: target, error)
        }
        old.close()
        lock.release()
    }

    /// Header length and header, padded with spaces so that the data begins at a multiple of 8.
    private static func header(_ tensors: [SafetensorsFile.Tensor], _ metadata: [String: String]) -> [UInt8] {
        var members: [String] = []
        if !metadata.isEmpty {
            let texts = metadata.sorted { $0.key < $1.key }.map { "\(quoted($0.key)):\(quoted($0.value))" }
            members.append(#""__metadata__":{\#(texts.joined(separator: ","))}"#)
        }
        for tensor in tensors {
            let shape = tensor.shape.map(String.init).joined(separator: ",")
            let offsets = "\(tensor.range.lowerBound),\(tensor.range.upperBound)"
            members.append(
                #"\#(quoted(tensor.name)):{"dtype":\#(quoted(tensor.dtype)),"shape":[\#(shape)],"data_offsets":[\#(offsets)]}"#
            )
        }
        var json = Array("{\(members.joined(separator: ","))}".utf8)
        while json.count % 8 != 0 { json.append(UInt8(ascii: " ")) }
        return withUnsafeBytes(of: UInt64(json.count).littleEndian) { Array($0) } + json
    }

    /// A JSON string.
    private static func quoted(_ text: String) -> String {
        var out = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": out += "\\\""
            case "\\": out += "\\\\"
            case "\n": out += "\\n"
            case "\t": out += "\\t"
            case "\r": out += "\\r"
            case _ where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16)
                out += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out + "\""
    }

    private static func resolved(_ path: String) throws(ModelError) -> String {
        guard let real = realpath(path, nil) else {
            throw ModelError(.unreadable, path: path, "cannot be found: \(lastErrorText()); check path and permissions")
        }
        defer { free(real) }
        return String(cString: real)
    }
}
