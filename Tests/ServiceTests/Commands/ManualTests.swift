import Testing

@testable import Service

/// The manual pages name what there is, and nothing else.
@Suite struct ManualTests {
    static let package = ConfigurationReading.folder(of: #filePath) + "/../../.."

    static func text(_ path: String) throws -> String {
        String(decoding: try BoundedFile.read(package + "/" + path, limit: 1 << 20), as: UTF8.self)
    }

    static func lines(_ path: String) throws -> [String] {
        try text(path).split(separator: "\n").map { String($0.drop { $0 == " " }) }
    }

    @Test func everyKeyOfTheConfigurationStandsInItsPageWithItsDefault() throws {
        let keys = try ShippedConfigurationTests.uncommented().split(separator: "\n")
            .map { $0.drop { $0 == " " } }.filter { !$0.isEmpty && !$0.hasPrefix("#") && $0 != "porch:" }
        let items = try Self.lines("man/zanzo.yaml.5").filter { $0.hasPrefix(".It Cm ") }
            .map { $0.dropFirst(7).filter { $0 != "\"" } }
        #expect(keys.count > 50)
        #expect(items.sorted() == keys.map { String($0) }.sorted())
    }

    /// The options of the page's part, by their `Fl \-name`.
    static func options(_ lines: some Sequence<String>, after macros: [String] = [".It Fl "]) -> Set<String> {
        Set(
            lines.filter { line in macros.contains { line.hasPrefix($0) } }.flatMap { $0.split(separator: " ") }
                .filter { $0.hasPrefix("\\-") }.map { String($0.dropFirst(2)) })
    }

    /// The command's name and its options as its source declares them.
    static func declared(_ path: String) throws -> (name: String?, options: Set<String>) {
        let lines = try lines(path)
        var options: Set<String> = []
        for (index, declaration) in lines.enumerated() where declaration.hasPrefix("@") {
            // A group's options stand in a file of its type's name.
            if declaration.hasPrefix("@OptionGroup"), let type = declaration.split(separator: " ").last {
                options.formUnion(try declared("Sources/zanzo/\(type).swift").options)
                continue
            }
            guard declaration.hasPrefix("@Option") || declaration.hasPrefix("@Flag"),
                let variable = lines[(index + 1)...].first(where: { $0.hasPrefix("var ") })
            else { continue }
            let name = variable.dropFirst("var ".count).prefix { $0.isLetter }
            options.insert(name.reduce(into: "") { $0 += $1.isUppercase ? "-" + $1.lowercased() : String($1) })
        }
        let name = lines.compactMap { line in
            line.firstRange(of: "commandName: \"").map { line[$0.upperBound...].prefix { $0 != "\"" } }
        }.first
        return (name.map { String($0) }, options)
    }

    @Test func everyCommandAndOptionOfZanzoStandsInItsPage() throws {
        let page = try Self.lines("man/zanzo.1")
        let files = try #require(Directory.names(in: Self.package + "/Sources/zanzo"))
        var named: Set<String> = []
        for file in files where file.hasSuffix("Command.swift") {
            let (name, options) = try Self.declared("Sources/zanzo/" + file)
            let command = try #require(name)
            named.insert(command)
            let start = try #require(page.firstIndex(of: ".Ss zanzo \(command)"), "no section for \(command)")
            let section = page[(start + 1)...].prefix { !$0.hasPrefix(".Ss ") && !$0.hasPrefix(".Sh ") }
            #expect(Self.options(section) == options, "\(command)")
            let synopsis = try #require(page.firstIndex(of: ".Cm \(command)"), "\(command) in the synopsis")
            let usage = page[(synopsis + 1)...].prefix { $0 != ".Nm" && !$0.hasPrefix(".Sh ") }
            var brief = Self.options(usage, after: [".Op Fl ", ".Fl "])
            if usage.contains(".Op Fl n Ar count") { brief.insert("last") }
            #expect(brief == options, "\(command) in the synopsis")
        }
        #expect(named.count >= 10)
        #expect(Set(page.filter { $0.hasPrefix(".Ss zanzo ") }.map { String($0.dropFirst(10)) }) == named)
    }

    @Test func everyOptionOfTheDaemonStandsInItsPage() throws {
        let (name, options) = try Self.declared("Sources/zanzod/Zanzod.swift")
        #expect(name == "zanzod" && options.contains("config"))
        #expect(Self.options(try Self.lines("man/zanzod.8")) == options.union(["version", "help"]))
    }
}
