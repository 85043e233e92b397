/// Finds the word that somebody meant.
enum Spelling {
    /// The word in `words` nearest to `word`, where it is near enough to be meant: one slip for every three letters, or
    /// its beginning.
    static func nearest(to word: String, among words: [String]) -> String? {
        let word = Array(word.lowercased().utf8.prefix(64))
        let allowed = max(1, word.count / 3)
        var best: (word: String, distance: Int)?
        for candidate in words {
            let distance = distance(word, Array(candidate.lowercased().utf8))
            if distance <= allowed, distance < best?.distance ?? .max { best = (candidate, distance) }
        }
        if let best { return best.word }
        return word.count >= 3 ? words.first { $0.utf8.starts(with: word) } : nil
    }

    /// Letters left out, put in, changed, or swapped with their neighbour, to make `b` of `a` (optimal string alignment).
    static func distance(_ a: [UInt8], _ b: [UInt8]) -> Int {
        var beforeLast: [Int] = []
        var last = Array(0...b.count)
        for i in a.indices {
            var row = [i + 1]
            for j in b.indices {
                var cost = min(last[j + 1] + 1, row[j] + 1, last[j] + (a[i] == b[j] ? 0 : 1))
                if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { cost = min(cost, beforeLast[j - 1] + 1) }
                row.append(cost)
            }
            beforeLast = last
            last = row
        }
        return last[b.count]
    }
}
