internal import CGit2
import Errors

/// libgit2 is started once and never stopped.
enum GitLibrary {
    private static let started: Void = {
        git_libgit2_init()
        // Only facts are read, no hook and no configured command is run, so a work tree that belongs to another user (a mounted folder
        // in a container) is no danger, and refusing it would lose the commit of a run.
        _ = jidoka_git_set_owner_validation(0)
    }()

    static func start() { started }
}

/// The one owner of a repository handle.
struct GitRepository: ~Copyable {
    private let handle: OpaquePointer

    /// Nil when no repository contains the path.
    init?(containing path: String) throws(JidokaError) {
        var opened: OpaquePointer?
        let status = git_repository_open_ext(&opened, path, 0, nil)
        if status == GIT_ENOTFOUND.rawValue { return nil }
        guard status == 0, let opened else { throw GitRepository.failure("cannot open the git repository of `\(path)`") }
        handle = opened
    }

    deinit { git_repository_free(handle) }

    /// Nil for a bare repository.
    var root: String? {
        guard let path = git_repository_workdir(handle) else { return nil }
        let text = String(cString: path)
        return text.count > 1 && text.hasSuffix("/") ? String(text.dropLast()) : text
    }

    func commit() throws(JidokaError) -> String? {
        var id = git_oid()
        let status = git_reference_name_to_id(&id, handle, "HEAD")
        if status == GIT_ENOTFOUND.rawValue { return nil }
        guard status == 0 else { throw GitRepository.failure("cannot read HEAD") }
        var text = [CChar](repeating: 0, count: 41)
        git_oid_tostr(&text, text.count, &id)
        return String(decoding: text.prefix(40).map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    /// Read from HEAD itself, so that a branch without a commit has its name too.
    func branch() throws(JidokaError) -> String? {
        var head: OpaquePointer?
        guard git_reference_lookup(&head, handle, "HEAD") == 0, let head else { throw GitRepository.failure("cannot read HEAD") }
        defer { git_reference_free(head) }
        guard let target = git_reference_symbolic_target(head) else { return nil }
        let name = String(cString: target)
        let prefix = "refs/heads/"
        return name.hasPrefix(prefix) ? String(name.dropFirst(prefix.count)) : name
    }

    func remote() throws(JidokaError) -> String? {
        var names = git_strarray()
        guard git_remote_list(&names, handle) == 0 else { throw GitRepository.failure("cannot list the remotes") }
        defer { git_strarray_dispose(&names) }
        let all = (0..<names.count).compactMap { names.strings[$0].map { String(cString: $0) } }
        guard let name = all.contains("origin") ? "origin" : all.first else { return nil }
        var remote: OpaquePointer?
        guard git_remote_lookup(&remote, handle, name) == 0, let remote else {
            throw GitRepository.failure("cannot read the remote `\(name)`")
        }
        defer { git_remote_free(remote) }
        return git_remote_url(remote).map { GitRepository.withoutCredentials(String(cString: $0)) }
    }

    func changes() throws(JidokaError) -> WorkTree.Changes {
        var options = git_status_options()
        git_status_options_init(&options, UInt32(GIT_STATUS_OPTIONS_VERSION))
        options.show = GIT_STATUS_SHOW_INDEX_AND_WORKDIR
        options.flags = GIT_STATUS_OPT_INCLUDE_UNTRACKED.rawValue | GIT_STATUS_OPT_EXCLUDE_SUBMODULES.rawValue
        var list: OpaquePointer?
        guard git_status_list_new(&list, handle, &options) == 0, let list else { throw GitRepository.failure("cannot read the status") }
        defer { git_status_list_free(list) }
        var changes = WorkTree.Changes()
        for index in 0..<git_status_list_entrycount(list) {
            guard let entry = git_status_byindex(list, index) else { continue }
            let flags = entry.pointee.status.rawValue
            if flags & GitRepository.stagedFlags != 0 { changes.staged += 1 }
            if flags & GitRepository.modifiedFlags != 0 { changes.modified += 1 }
            if flags & GIT_STATUS_WT_NEW.rawValue != 0 { changes.untracked += 1 }
        }
        return changes
    }

    private static let stagedFlags: UInt32 = [
        GIT_STATUS_INDEX_NEW, GIT_STATUS_INDEX_MODIFIED, GIT_STATUS_INDEX_DELETED, GIT_STATUS_INDEX_RENAMED, GIT_STATUS_INDEX_TYPECHANGE,
    ].reduce(0) { $0 | $1.rawValue }
    private static let modifiedFlags: UInt32 = [
        GIT_STATUS_WT_MODIFIED, GIT_STATUS_WT_DELETED, GIT_STATUS_WT_RENAMED, GIT_STATUS_WT_TYPECHANGE, GIT_STATUS_WT_UNREADABLE,
        GIT_STATUS_CONFLICTED,
    ].reduce(0) { $0 | $1.rawValue }

    /// `https://alice:secret@host/x` as `https://host/x`: the address is stored and shown. The scp form `git@host:x` holds no secret.
    static func withoutCredentials(_ url: String) -> String {
        guard let scheme = url.firstRange(of: "://") else { return url }
        let rest = url[scheme.upperBound...]
        let authorityEnd = rest.firstIndex(of: "/") ?? rest.endIndex
        guard let at = rest[..<authorityEnd].lastIndex(of: "@") else { return url }
        return String(url[..<scheme.upperBound] + rest[rest.index(after: at)...])
    }

    private static func failure(_ what: String) -> JidokaError {
        let detail = git_error_last().flatMap { $0.pointee.message }.map { String(cString: $0) } ?? "no detail given"
        return JidokaError(.internal, "\(what): \(detail)", hint: "run `git status` there and mend what it reports")
    }
}
