import FoundationEssentials
import Testing

@Suite("Pages name only what is there")
struct LinkTests {
    private static let root = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")

    /// Targets of the page's links and pictures that are files.
    private func targets(_ page: String) throws -> [String] {
        let text = try String(contentsOfFile: "\(Self.root)/\(page)", encoding: .utf8)
        return text.split(separator: "](").dropFirst().compactMap { rest in
            let target = rest.prefix { $0 != ")" && $0 != "#" && $0 != " " }
            return target.isEmpty || target.contains("://") ? nil : String(target)
        }
    }

    @Test(
        "Every link leads to a file, in the repository and where it is installed",
        arguments: [
            "README.md", "CONTRIBUTING.md", "docs/architecture.md", "docs/events.md", "docs/performance.md",
            "docs/reliability.md", "docs/scoring.md", "docs/training.md",
        ])
    func links(_ page: String) throws {
        let folder = page.hasPrefix("docs/") ? "docs/" : ""
        let makefile = try String(contentsOfFile: "\(Self.root)/Makefile", encoding: .utf8)
        for target in try targets(page) {
            let path = target.hasPrefix("../") ? String(target.dropFirst(3)) : folder + target
            #expect(FileManager.default.fileExists(atPath: "\(Self.root)/\(path)"), "\(page) names \(target)")
            // make install takes whole folders of documents and pictures, and the rest by name.
            let isInstalled = path.hasPrefix("docs/pictures/") || path.hasPrefix("docs/") && path.hasSuffix(".md")
            #expect(isInstalled || makefile.contains(path), "\(page): make install leaves out \(path)")
        }
    }

    @Test func theReadmeIsShort() throws {
        let lines = try String(contentsOfFile: Self.root + "/README.md", encoding: .utf8).split(
            separator: "\n", omittingEmptySubsequences: false)
        #expect(lines.count <= 161)
    }
}
