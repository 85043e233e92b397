import Glibc

extension Doctor {
    /// Files that the configuration names and the daemon's user can't read: nothing where all is well.
    static func readings(_ configuration: Configuration, user name: String) -> [Finding] {
        guard let account = Account(named: name) else { return [] }  // `directories` says so
        return configuration.cameras.filter(\.enabled).flatMap { camera in
            var findings: [Finding?] = []
            if !camera.lacksModel { findings.append(reading(camera.model, "model", camera.name, account, mode: "644")) }
            if case .file(let path) = camera.credentials {
                findings.append(reading(path, "credentials", camera.name, account, mode: "640"))
            }
            return findings.compactMap { $0 }
        }
    }

    /// Why `account` can't read the file at `path`; nil where it can.
    private static func reading(
        _ path: String, _ key: String, _ camera: String, _ account: Account, mode: String
    ) -> Finding? {
        let chain = ancestors(path).map { FolderFacts(at: $0) }
        guard let problem = reading(path, chain, for: account, mode: mode) else { return nil }
        return .problem(key, "camera \(camera): \(path): \(problem)")
    }

    /// Why a file can't be read, by what is known of everything on the way to it, "/" first and itself last (nil: not
    /// there, or not to be seen by who asks); nil where it can be.
    static func reading(_ path: String, _ chain: [FolderFacts?], for account: Account, mode: String) -> String? {
        let there = chain.prefix { $0 != nil }.compactMap { $0 }
        if let closed = there.dropLast(there.count == chain.count ? 1 : 0).first(where: { !account.may(1, $0) }) {
            return "user \(account.name) may not enter \(closed.path): sudo chgrp \(account.name) \(closed.path) && "
                + "sudo chmod g+x \(closed.path)"
        }
        guard there.count == chain.count, let file = there.last else {
            return "it is not there, or you may not look at it: sudo ls -l \(path)"
        }
        if account.may(4, file) { return nil }
        return "user \(account.name) may not read it: sudo chgrp \(account.name) \(path) && sudo chmod \(mode) \(path)"
    }
}
