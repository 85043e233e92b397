/// How one kind of value is written in the configuration: read from a node, and shown again.
///
/// `read` of what `show` wrote gives the same value.
struct Format<Value: Sendable>: Sendable {
    /// What a reader should have written, to follow "is not …".
    let wanted: String
    /// The value; nil where it is not one, after telling the place what is wrong.
    let read: @Sendable (YAMLNode, ConfigurationReading.Place) -> Value?
    /// The value as the file would have it, on one line.
    let show: @Sendable (Value) -> String

    /// A value that is one word, a number or a text. `parse` gives nil for what is not such a value, or throws what
    /// is wrong with it.
    static func scalar(
        _ wanted: String, show: @escaping @Sendable (Value) -> String,
        parse: @escaping @Sendable (String) throws(ValueFault) -> Value?
    ) -> Format {
        Format(
            wanted: wanted,
            read: { node, place in
                guard !node.isNull else {
                    place.report(node.line, "has no value; write \(wanted), or leave the key out")
                    return nil
                }
                guard case .scalar(let text, _) = node.content else {
                    place.report(node.line, "\(node.shown) is not \(wanted)")
                    return nil
                }
                do throws(ValueFault) {
                    if let value = try parse(text) { return value }
                    place.report(node.line, "\(node.shown) is not \(wanted)")
                } catch {
                    place.report(node.line, error.message)
                }
                return nil
            },
            show: show)
    }

    /// This value, or `word` for none.
    func or(_ word: String) -> Format<Value?> {
        let wanted = wanted + ", or " + word
        return Format<Value?>(
            wanted: wanted,
            read: { node, place in
                if case .scalar(word, _) = node.content { return .some(nil) }
                let inner = ConfigurationReading(file: place.reading.file)
                inner.folder = place.reading.folder
                if let value = read(node, inner.top) { return value }
                // The inner message says what was wanted without `word`.
                for problem in inner.problems {
                    place.report(problem.line, problem.message.replacing(self.wanted, with: wanted))
                }
                return nil
            },
            show: { $0.map(show) ?? word })
    }
}

/// Why a text is no value of its kind.
struct ValueFault: Error {
    /// What is wrong with it.
    var message: String
}

extension Format where Value: Comparable {
    /// The same, refused outside `range`.
    func within(_ range: ClosedRange<Value>) -> Format {
        let bounds = "\(show(range.lowerBound)) to \(show(range.upperBound))"
        return Format(
            wanted: wanted,
            read: { node, place in
                guard let value = read(node, place) else { return nil }
                if range.contains(value) { return value }
                place.report(node.line, "\(node.shown) is out of range; it may be \(bounds)")
                return nil
            },
            show: show)
    }
}
