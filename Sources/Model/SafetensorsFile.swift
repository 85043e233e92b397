/// A safetensors file, mapped and checked: every tensor lies inside the file, none overlaps another, nothing is between.
///
/// Format: 8 bytes of header length (little endian), the header (JSON), the tensors' bytes.
package struct SafetensorsFile: ~Copyable {
    /// A tensor, and where it lies.
    package struct Tensor: Hashable {
        /// Its name and type, as the file has them.
        package var name, dtype: String
        /// Its dimensions, the slowest first.
        package var shape: [Int]
        /// Place in the data, counted from the header's end.
        var range: Range<Int>
    }

    /// The file.
    package let path: String
    /// In the order in which they lie in the file.
    package let tensors: [Tensor]
    /// The header's texts.
    package let metadata: [String: String]
    let mapping: MappedFile
    private let dataStart: Int

    /// safetensors' own limit.
    static let longestHeader = 100_000_000

    /// Maps and checks the file; throws where it is not well-formed, with what is wrong and what to do.
    package init(path: String) throws(ModelError) {
        func malformed(_ message: String, tensor: String? = nil) -> ModelError {
            ModelError(.malformed, path: path, tensor: tensor, message)
        }
        let mapping = try MappedFile(path: path)
        let bytes = mapping.bytes
        guard bytes.count > 8 else {
            throw malformed("is \(bytes.count) bytes long, too short for safetensors; copy or train the model again")
        }
        let length = UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self))
        guard length <= UInt64(Self.longestHeader) else {
            throw malformed("states a header of \(length) bytes; it is no safetensors file")
        }
        guard 8 + Int(length) <= bytes.count else {
            throw malformed(
                "states a header of \(length) bytes, but is \(bytes.count) bytes long; cut short? Copy it again")
        }
        let dataStart = 8 + Int(length)
        let content: (tensors: [Tensor], metadata: [String: String])
        do throws(HeaderScanner.Fault) {
            var scanner = HeaderScanner(UnsafeRawBufferPointer(rebasing: bytes[8..<dataStart]))
            let header = try scanner.header()
            content = (try Self.checked(header.tensors, dataByteCount: bytes.count - dataStart), header.metadata)
        } catch {
            throw malformed(error.message, tensor: error.tensor)
        }
        (self.path, self.dataStart) = (path, dataStart)
        (tensors, metadata) = content
        self.mapping = mapping
    }

    /// The tensor's bytes; valid as long as the file is mapped.
    package func bytes(of tensor: Tensor) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(
            rebasing: mapping.bytes[dataStart + tensor.range.lowerBound..<dataStart + tensor.range.upperBound])
    }

    /// Ends the mapping here and not earlier.
    package consuming func close() {}

    /// All tensors' bytes; valid as long as the file is mapped.
    var data: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: mapping.bytes[dataStart...]) }

    static func byteCount(dtype: String) -> Int? {
        switch dtype {
        case "BOOL", "U8", "I8", "F8_E5M2", "F8_E4M3": 1
        case "U16", "I16", "F16", "BF16": 2
        case "U32", "I32", "F32": 4
        case "U64", "I64", "F64": 8
        default: nil
        }
    }

    private static func checked(
        _ entries: [(name: String, entry: HeaderScanner.Entry)], dataByteCount: Int
    ) throws(HeaderScanner.Fault) -> [Tensor] {
        var tensors: [Tensor] = []
        for (name, entry) in entries {
            func fault(_ message: String) -> HeaderScanner.Fault { HeaderScanner.Fault(tensor: name, message: message) }
            guard let size = byteCount(dtype: entry.dtype) else { throw fault("has the unknown type \(entry.dtype)") }
            var byteCount = size
            for dimension in entry.shape {
                let (product, overflow) = byteCount.multipliedReportingOverflow(by: dimension)
                guard !overflow else { throw fault("has a shape too large for any file: \(entry.shape)") }
                byteCount = product
            }
            guard entry.begin <= entry.end else {
                throw fault("ends (\(entry.end)) before it begins (\(entry.begin))")
            }
            guard entry.end <= dataByteCount else {
                throw fault(
                    "ends at byte \(entry.end) of \(dataByteCount) in the data; the file is cut short, copy it again")
            }
            guard entry.end - entry.begin == byteCount else {
                throw fault(
                    "has \(entry.end - entry.begin) bytes, but \(entry.dtype) of shape \(entry.shape) takes \(byteCount)"
                )
            }
            tensors.append(Tensor(name: name, dtype: entry.dtype, shape: entry.shape, range: entry.begin..<entry.end))
        }
        tensors.sort { ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound) }
        var end = 0
        for tensor in tensors {
            let begin = tensor.range.lowerBound
            guard begin == end else {
                throw HeaderScanner.Fault(
                    tensor: tensor.name,
                    message: begin < end
                        ? "overlaps the tensor before it" : "leaves \(begin - end) bytes unused before it")
            }
            end = tensor.range.upperBound
        }
        guard end == dataByteCount else {
            throw HeaderScanner.Fault(
                tensor: nil, message: "has \(dataByteCount - end) bytes behind its last tensor that belong to none")
        }
        return tensors
    }
}
