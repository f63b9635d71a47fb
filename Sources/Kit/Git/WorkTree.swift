package import Errors

/// Facts of the git work tree that contains a path: where a result's code came from.
package struct WorkTree: Sendable, Hashable {
    /// The top folder, without a trailing slash.
    package var root: String
    /// 40 hexadecimal digits; nil before the first commit.
    package var commit: String?
    /// Nil when HEAD is detached.
    package var branch: String?
    /// Where `origin`, or else the first remote, points; user name and password are removed.
    package var remote: String?
    package var changes: Changes

    package struct Changes: Sendable, Hashable {
        /// Files that differ from the commit and are in the index that way.
        package var staged: Int
        /// Tracked files that differ from the index, conflicts among them.
        package var modified: Int
        /// Files and folders that git neither tracks nor ignores.
        package var untracked: Int

        package init(staged: Int = 0, modified: Int = 0, untracked: Int = 0) {
            self.staged = staged
            self.modified = modified
            self.untracked = untracked
        }
    }

    /// Whether the commit alone does not tell what the code was.
    package var isDirty: Bool { changes != Changes() }

    package init(root: String, commit: String?, branch: String?, remote: String?, changes: Changes) {
        self.root = root
        self.commit = commit
        self.branch = branch
        self.remote = remote
        self.changes = changes
    }
}

extension WorkTree {
    /// The facts for `path` (a file or folder that exists), or nil when it lies in no work tree. Reads files: call it on a blocking pool.
    /// - Throws: `internal` when the repository is there and cannot be read.
    package static func containing(_ path: String) throws(JidokaError) -> WorkTree? {
        GitLibrary.start()
        guard let repository = try GitRepository(containing: path), let root = repository.root else { return nil }
        return WorkTree(
            root: root, commit: try repository.commit(), branch: try repository.branch(), remote: try repository.remote(),
            changes: try repository.changes())
    }
}
