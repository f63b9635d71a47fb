internal import FoundationEssentials
internal import Glibc
import Testing

/// A folder of its own for one test, removed with it.
final class TemporaryFolder {
    let path: String

    init() throws {
        var name = Array("/tmp/jidoka-blobs-XXXXXX".utf8CString)
        path = try #require(mkdtemp(&name).map { String(cString: $0) })
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }
}

/// The names of all files under a folder, as paths below it.
func files(under folder: String) -> [String] {
    let all = (try? FileManager.default.subpathsOfDirectory(atPath: folder)) ?? []
    return all.filter { isRegularFile("\(folder)/\($0)") }.sorted()
}

private func isRegularFile(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
}

/// Writes over a file in place, whatever its permissions.
func overwrite(_ path: String, _ bytes: [UInt8]) throws {
    chmod(path, 0o644)
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
    try #require(descriptor >= 0)
    try #require(write(descriptor, bytes, bytes.count) == bytes.count)
    close(descriptor)
}

/// A small file system in memory, mounted for one test.
final class SmallDisk {
    let path: String

    static var mayMount: Bool { (try? SmallDisk(kilobytes: 64)) != nil }

    init(kilobytes: Int) throws {
        var name = Array("/tmp/jidoka-disk-XXXXXX".utf8CString)
        path = try #require(mkdtemp(&name).map { String(cString: $0) })
        guard system("mount -t tmpfs -o size=\(kilobytes)k jidoka-test \(path) 2>/dev/null") == 0 else {
            rmdir(path)
            throw CannotMount()
        }
    }

    struct CannotMount: Error {}

    func makeReadOnly() throws { try #require(system("mount -o remount,ro \(path)") == 0) }

    deinit {
        _ = system("umount -l \(path)")
        rmdir(path)
    }
}
