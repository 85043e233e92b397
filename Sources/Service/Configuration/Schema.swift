/// The keys of one section of the configuration, in the order in which the manual has them.
///
/// It is the one place that knows a key: reading, suggestions for misspelt ones, printing and the test that the
/// shipped file names every key all use it.
struct Schema<Root: Sendable>: Sendable {
    /// The keys.
    let fields: [Field<Root>]

    init(_ fields: [Field<Root>]) { self.fields = fields }

    /// Every key with those that it lies in: `detector.start_frames`.
    var keys: [String] { fields.flatMap { field in [field.name] + field.inner.map { field.name + "." + $0 } } }

    /// Reads the mapping `node` over what `root` holds already. Problems go to `place`.
    func read(_ node: YAMLNode, into root: inout Root, at place: ConfigurationReading.Place) {
        guard let entries = place.entries(of: node) else { return }
        for entry in entries {
            if let field = fields.first(where: { $0.name == entry.key }) {
                field.read(entry.value, &root, place.under(entry.key))
            } else if !place.reading.isFull {
                place.under(entry.key).report(entry.line, unknown(entry.key))
            }
        }
    }

    /// The section as lines of YAML, indented by `indentation` spaces.
    func show(_ root: Root, indentation: Int) -> [String] {
        fields.flatMap { $0.show(root, indentation) }
    }

    private func unknown(_ key: String) -> String {
        let names = fields.map(\.name)
        if ["user", "username", "password", "pass"].contains(key) {
            return "unknown key; user and password stand in a file of their own: credentials"
        }
        if key == "source" { return "unknown key here; every camera has its own source" }
        if let nearest = Spelling.nearest(to: key, among: names) { return "unknown key; did you mean \(nearest)?" }
        if let home = keys.first(where: { $0.hasSuffix("." + key) }) {
            return "unknown key here; it belongs under \(home.dropLast(key.count + 1)):"
        }
        return "unknown key; the keys here are \(names.joined(separator: ", "))"
    }
}

/// One key of a section.
struct Field<Root: Sendable>: Sendable {
    /// The key.
    let name: String
    /// Reads the key's value into its place in a root.
    let read: @Sendable (YAMLNode, inout Root, ConfigurationReading.Place) -> Void
    /// The key and its value as lines of YAML, indented by so many spaces.
    let show: @Sendable (Root, Int) -> [String]
    /// The keys of the section that the value is, if it is one.
    let inner: [String]

    /// A key with one value.
    init<Value>(_ name: String, _ path: WritableKeyPath<Root, Value> & Sendable, _ format: Format<Value>) {
        self.name = name
        read = { node, root, place in
            if let value = format.read(node, place) { root[keyPath: path] = value }
        }
        show = { root, indentation in
            [String(repeating: " ", count: indentation) + "\(name): \(format.show(root[keyPath: path]))"]
        }
        inner = []
    }

    /// A key with one value, or `word` for none.
    init<Value>(
        _ name: String, _ path: WritableKeyPath<Root, Value?> & Sendable, _ format: Format<Value>, or word: String
    ) {
        self.init(name, path, format.or(word))
    }

    /// A key whose value is a section.
    init<Value>(_ name: String, _ path: WritableKeyPath<Root, Value> & Sendable, _ schema: Schema<Value>) {
        self.name = name
        read = { node, root, place in schema.read(node, into: &root[keyPath: path], at: place) }
        show = { root, indentation in
            [String(repeating: " ", count: indentation) + "\(name):"]
                + schema.show(root[keyPath: path], indentation: indentation + 4)
        }
        inner = schema.keys
    }

    /// A key that the loader reads by itself (cameras, which stand in several files); `inner` are its value's keys.
    init(_ name: String, readElsewhere inner: [String]) {
        self.name = name
        read = { _, _, _ in }
        show = { _, _ in [] }
        self.inner = inner
    }
}

extension ConfigurationReading.Place {
    /// The keys of `node`, each once; none where it has no value. nil and a word where it is no mapping.
    func entries(of node: YAMLNode) -> [YAMLNode.Entry]? {
        if node.isNull { return [] }
        guard case .mapping(let entries) = node.content else {
            report(node.line, "\(node.shown) stands where keys and values should be; write KEY: VALUE lines")
            return nil
        }
        var lines: [String: Int] = [:]
        return entries.filter { entry in
            guard let first = lines[entry.key] else {
                lines[entry.key] = entry.line
                return true
            }
            under(entry.key).report(entry.line, "stands twice: here and on line \(first)")
            return false
        }
    }
}
