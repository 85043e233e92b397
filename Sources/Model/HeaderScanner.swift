/// Reads the JSON of a safetensors header: exactly its grammar, nothing nested deeper, every surprise an error.
///
///     {"__metadata__": {"key": "text", …}, "name": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}, …}
struct HeaderScanner {
    struct Fault: Error {
        var tensor: String?
        var message: String
    }

    struct Entry {
        var dtype: String
        var shape: [Int]
        var begin, end: Int
    }

    private let bytes: UnsafeRawBufferPointer
    private var at = 0

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    /// The whole header: tensors by name and the metadata.
    mutating func header() throws(Fault) -> (tensors: [(name: String, entry: Entry)], metadata: [String: String]) {
        var tensors: [(name: String, entry: Entry)] = []
        var names: Set<String> = []
        var metadata: [String: String] = [:]
        try object { (scanner, name) throws(Fault) in
            guard names.insert(name).inserted else {
                throw Fault(tensor: name, message: "the name stands twice in the header")
            }
            if name == "__metadata__" {
                metadata = try scanner.texts()
            } else {
                do throws(Fault) {
                    tensors.append((name, try scanner.entry()))
                } catch {
                    throw Fault(tensor: name, message: error.message)
                }
            }
        }
        while at < bytes.count {  // Writers pad with spaces; nothing else may follow.
            guard bytes[at] == UInt8(ascii: " ") else { throw fault("has something behind its closing brace") }
            at += 1
        }
        return (tensors, metadata)
    }

    private mutating func texts() throws(Fault) -> [String: String] {
        var texts: [String: String] = [:]
        try object { (scanner, key) throws(Fault) in
            guard texts[key] == nil else {
                throw Fault(tensor: nil, message: "the metadata key \(key) stands twice in the header")
            }
            texts[key] = try scanner.string()
        }
        return texts
    }

    private mutating func entry() throws(Fault) -> Entry {
        var (dtype, shape, offsets): (String?, [Int]?, [Int]?) = (nil, nil, nil)
        try object { (scanner, key) throws(Fault) in
            switch key {
            case "dtype" where dtype == nil: dtype = try scanner.string()
            case "shape" where shape == nil: shape = try scanner.numbers(limit: 8)
            case "data_offsets" where offsets == nil: offsets = try scanner.numbers(limit: 2)
            default: throw scanner.fault("has an unknown or repeated key \"\(key)\"")
            }
        }
        guard let dtype, let shape, let offsets, offsets.count == 2 else {
            throw fault("lacks one of dtype, shape and data_offsets [begin, end]")
        }
        return Entry(dtype: dtype, shape: shape, begin: offsets[0], end: offsets[1])
    }

    // MARK: - JSON

    private mutating func object(_ member: (inout HeaderScanner, String) throws(Fault) -> Void) throws(Fault) {
        try expect("{")
        if accept("}") { return }
        repeat {
            let name = try string()
            try expect(":")
            try member(&self, name)
        } while accept(",")
        try expect("}")
    }

    private mutating func numbers(limit: Int) throws(Fault) -> [Int] {
        var numbers: [Int] = []
        try expect("[")
        if accept("]") { return numbers }
        repeat {
            guard numbers.count < limit else { throw fault("has a list of more than \(limit) numbers") }
            numbers.append(try number())
        } while accept(",")
        try expect("]")
        return numbers
    }

    private mutating func number() throws(Fault) -> Int {
        skipSpace()
        let start = at
        var value = 0
        while at < bytes.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[at]) {
            let (tens, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, overflow2) = tens.addingReportingOverflow(Int(bytes[at] - UInt8(ascii: "0")))
            guard !overflow, !overflow2 else { throw fault("has a number that is too large") }
            value = sum
            at += 1
        }
        guard at > start, at == start + 1 || bytes[start] != UInt8(ascii: "0") else {
            throw fault("has something else where a whole number belongs")
        }
        return value
    }

    private mutating func string() throws(Fault) -> String {
        try expect("\"")
        var units: [UInt8] = []
        while at < bytes.count {
            let byte = bytes[at]
            at += 1
            switch byte {
            case UInt8(ascii: "\""):
                guard let text = String(validating: units, as: UTF8.self) else { throw fault("is not UTF-8") }
                return text
            case UInt8(ascii: "\\"): try escape(into: &units)
            case 0..<0x20: throw fault("has a control character in a text")
            default: units.append(byte)
            }
        }
        throw fault("ends inside a text")
    }

    private mutating func escape(into units: inout [UInt8]) throws(Fault) {
        guard at < bytes.count else { throw fault("ends inside a text") }
        let byte = bytes[at]
        at += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): units.append(byte)
        case UInt8(ascii: "b"): units.append(8)
        case UInt8(ascii: "t"): units.append(9)
        case UInt8(ascii: "n"): units.append(10)
        case UInt8(ascii: "f"): units.append(12)
        case UInt8(ascii: "r"): units.append(13)
        case UInt8(ascii: "u"):
            var code = try hexadecimal()
            if (0xD800..<0xDC00).contains(code) {
                guard at + 1 < bytes.count, bytes[at] == UInt8(ascii: "\\"), bytes[at + 1] == UInt8(ascii: "u") else {
                    throw fault("has half a surrogate pair")
                }
                at += 2
                let low = try hexadecimal()
                guard (0xDC00..<0xE000).contains(low) else { throw fault("has half a surrogate pair") }
                code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
            }
            guard let scalar = Unicode.Scalar(code) else { throw fault("has half a surrogate pair") }
            units.append(contentsOf: UTF8.encode(scalar).map(Array.init) ?? [])
        default: throw fault("has an unknown escape in a text")
        }
    }

    private mutating func hexadecimal() throws(Fault) -> UInt32 {
        guard at + 4 <= bytes.count, let text = String(validating: bytes[at..<at + 4], as: UTF8.self),
            text.utf8.allSatisfy({ $0 != UInt8(ascii: "+") && $0 != UInt8(ascii: "-") }),
            let code = UInt32(text, radix: 16)
        else { throw fault("has an escape \\u without four hexadecimal digits") }
        at += 4
        return code
    }

    private mutating func skipSpace() {
        while at < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[at]) { at += 1 }
    }

    private mutating func accept(_ character: Unicode.Scalar) -> Bool {
        skipSpace()
        guard at < bytes.count, bytes[at] == UInt8(ascii: character) else { return false }
        at += 1
        return true
    }

    private mutating func expect(_ character: Unicode.Scalar) throws(Fault) {
        guard accept(character) else {
            throw fault("is not the JSON of safetensors: no \(character) where one belongs")
        }
    }

    private func fault(_ message: String) -> Fault {
        Fault(tensor: nil, message: "the header \(message) (byte \(8 + at))")
    }
}
