import Files
import FoundationEssentials
import Glibc
import Publish

/// A user, as the kernel looks at it when a file is to be opened.
struct Account: Hashable {
    var name: String
    var user: uid_t
    var groups: Set<gid_t>

    /// The user that this process runs as.
    static var own: Account {
        var groups = [gid_t](repeating: 0, count: Int(max(0, getgroups(0, nil))))
        let count = getgroups(Int32(groups.count), &groups)
        return Account(
            name: "uid \(geteuid())", user: geteuid(), groups: Set(groups.prefix(Int(max(0, count))) + [getegid()]))
    }

    /// The user of that name; nil where there is none.
    init?(named name: String) {
        guard let entry = getpwnam(name) else { return nil }
        self.init(name: name, user: entry.pointee.pw_uid, groups: [entry.pointee.pw_gid])
        var ids = [gid_t](repeating: 0, count: 256)
        var count = Int32(ids.count)
        if getgrouplist(name, entry.pointee.pw_gid, &ids, &count) >= 0 { groups.formUnion(ids.prefix(Int(count))) }
    }

    init(name: String, user: uid_t, groups: Set<gid_t>) {
        (self.name, self.user, self.groups) = (name, user, groups)
    }

    /// Whether the permission bits (4 read, 2 write, 1 enter) are all granted; access control lists are not looked at.
    func may(_ bits: mode_t, _ folder: FolderFacts) -> Bool {
        if user == 0 { return true }
        let shift: mode_t = user == folder.owner ? 6 : groups.contains(folder.group) ? 3 : 0
        return folder.mode >> shift & bits == bits
    }
}

/// What is known of a directory from outside.
struct FolderFacts: Hashable {
    var path: String
    var mode: mode_t = 0o755
    var owner: uid_t = 0
    var group: gid_t = 0
    var isDirectory = true
    var isReadOnly = false

    init(path: String) { self.path = path }

    /// Looks at `path`; nil with `errno` set where that can't be done.
    init?(at path: String) {
        var status = stat()
        var system = statvfs()
        guard stat(path, &status) == 0 else { return nil }
        self.path = path
        (mode, owner, group) = (status.st_mode & 0o7777, status.st_uid, status.st_gid)
        isDirectory = status.st_mode & S_IFMT == S_IFDIR
        isReadOnly = statvfs(path, &system) == 0 && system.f_flag & UInt(ST_RDONLY) != 0
    }
}

extension Doctor {
    /// The directories that the daemon writes to: there, its own, with room.
    static func directories(_ configuration: Configuration, user name: String) -> [Finding] {
        var findings: [Finding] = []
        let account = Account(named: name)
        if account == nil {
            findings.append(
                .problem(
                    "user",
                    "there is no user \(name): sudo make install makes it (or name the daemon's user with --user); "
                        + "directories are looked at for the present user instead"))
        }
        let wanted =
            [
                (configuration.stateDirectory, "state_directory"),
                (configuration.snapshotDirectory, "snapshots.directory"),
                (PathParts(configuration.events.file).directory, "events.file"),
                (PathParts(configuration.events.socket).directory, "events.socket"),
            ]
            + configuration.cameras.filter { $0.enabled && $0.lacksModel }.map {
                (PathParts($0.model).directory, "\($0.name): learn")
            }
        var keys: [String: [String]] = [:]
        var paths: [String] = []
        for (path, key) in wanted {
            if keys[path] == nil { paths.append(path) }
            keys[path, default: []].append(key)
        }
        for path in paths {
            let chain = ancestors(path).map { FolderFacts(at: $0) }
            findings.append(
                directory(path, chain, for: account ?? .own, keys: (keys[path] ?? []).joined(separator: ", ")))
        }
        let existing = ancestors(configuration.snapshotDirectory).last { access($0, F_OK) == 0 } ?? "/"
        if let free = SnapshotStoreSettings.measureFreeSpace(existing) {
            findings.append(space(existing, free: free, floor: Int64(configuration.snapshots.minimumFree)))
        }
        return findings
    }

    /// A directory, by what is known of each one on the way to it, "/" first and itself last (nil: not there).
    static func directory(_ path: String, _ chain: [FolderFacts?], for account: Account, keys: String) -> Finding {
        let make = "sudo install -d -m 750 -o \(account.name) -g \(account.name) \(path)"
        let there = chain.prefix { $0 != nil }.compactMap { $0 }
        let problem: String? =
            if let file = there.first(where: { !$0.isDirectory }) {
                "\(file.path) is not a directory: move it away, or name another in \(keys)"
            } else if let closed = there.dropLast().first(where: { !account.may(1, $0) }) {
                "user \(account.name) may not enter \(closed.path): sudo chmod a+x \(closed.path), or name another "
                    + "directory in \(keys)"
            } else if let last = there.last, last.isReadOnly {
                "\(last.path) lies on a read-only file system: remount it, or name another directory in \(keys)"
            } else if let last = there.last, account.may(3, last) {
                nil
            } else if there.count < chain.count {
                "it is missing, and user \(account.name) can't make it: \(make)"
            } else {
                "user \(account.name) may not write there: name a directory of its own in \(keys), or, where this one is "
                    + "for zanzod alone: sudo chown \(account.name): \(path) && sudo chmod u+rwx \(path)"
            }
        if let problem { return .problem("directory", "\(path) (\(keys)): \(problem)") }
        let state = there.count < chain.count ? "zanzod will make it" : "user \(account.name) may write there"
        return .good("directory", "\(path) (\(keys)): \(state)")
    }

    /// Free space against its floor.
    static func space(_ path: String, free: Int64, floor: Int64) -> Finding {
        let text = "\(SnapshotText.size(free)) free at \(path), floor \(SnapshotText.size(floor)) (snapshots.min_free)"
        guard free < floor else { return .good("space", text) }
        return .problem(
            "space", "\(text): the oldest pictures go, and no periodic ones are written; free some space there")
    }

    /// "/", "/var", "/var/lib" …, and the path itself.
    static func ancestors(_ path: String) -> [String] {
        guard path.hasPrefix("/") else { return ancestors(FileManager.default.currentDirectoryPath + "/" + path) }
        var whole = ""
        return ["/"]
            + path.split(separator: "/").map { step in
                whole += "/" + step
                return whole
            }
    }
}
