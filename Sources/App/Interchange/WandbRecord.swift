import Errors
import Protobuf

/// What is read of the records of a W&B run (wandb/proto/wandb_internal.proto, by field numbers).
enum WandbRecord {
    /// `nested_key` or `key`, and the value as JSON text.
    struct Item: Equatable {
        var path: [String] = []
        var json = ""
    }

    struct Run: Equatable {
        var id = ""
        var project = ""
        var group = ""
        var jobType = ""
        var name = ""
        var notes = ""
        var tags: [String] = []
        var sweep = ""
        var host = ""
        var config: [Item] = []
        /// Milliseconds since 1970.
        var start: Int64 = 0
    }

    case run(Run)
    case config([Item])
    case history([Item], step: Int64)
    case summary([Item])
    /// Milliseconds since 1970.
    case stats([Item], time: Int64)
    case environment(program: String, commit: String, remote: String, user: String)
    case exit(code: Int64)
    case other

    init(_ bytes: [UInt8]) throws {
        self = try WireReader.read(bytes) { reader in
            var found = WandbRecord.other
            while let field = try reader.next() {
                switch (field.number, field.type) {
                case (2, .bytes): found = try reader.message(WandbRecord.history)
                case (3, .bytes): found = .summary(try reader.message { try WandbRecord.items(&$0, in: 1) })
                case (5, .bytes): found = .config(try reader.message { try WandbRecord.items(&$0, in: 1) })
                case (7, .bytes): found = try reader.message(WandbRecord.stats)
                case (17, .bytes): found = .run(try reader.message(WandbRecord.run))
                case (18, .bytes): found = .exit(code: try reader.message { try WandbRecord.number(&$0, in: 1) })
                case (26, .bytes): found = try reader.message(WandbRecord.environment)
                default: try reader.skip(field)
                }
            }
            return found
        }
    }

    private static func item(_ reader: inout WireReader) throws -> Item {
        var (item, key, nested) = (Item(), "", [String]())
        while let field = try reader.next() {
            switch (field.number, field.type) {
            case (1, .bytes): key = try reader.string()
            case (2, .bytes): nested.append(try reader.string())
            case (16, .bytes): item.json = try reader.string()
            default: try reader.skip(field)
            }
        }
        item.path = nested.isEmpty ? [key] : nested
        return item
    }

    private static func items(_ reader: inout WireReader, in number: Int) throws -> [Item] {
        var items: [Item] = []
        while let field = try reader.next() {
            if field.number == number, field.type == .bytes {
                items.append(try reader.message(item))
            } else {
                try reader.skip(field)
            }
        }
        return items
    }

    private static func number(_ reader: inout WireReader, in number: Int) throws -> Int64 {
        var value: Int64 = 0
        while let field = try reader.next() {
            if field.number == number, field.type == .varint {
                value = Int64(bitPattern: try reader.varint())
            } else {
                try reader.skip(field)
            }
        }
        return value
    }

    private static func history(_ reader: inout WireReader) throws -> WandbRecord {
        var (items, step) = ([Item](), Int64(0))
        while let field = try reader.next() {
            switch (field.number, field.type) {
            case (1, .bytes): items.append(try reader.message(item))
            case (2, .bytes): step = try reader.message { try number(&$0, in: 1) }
            default: try reader.skip(field)
            }
        }
        return .history(items, step: step)
    }

    private static func stats(_ reader: inout WireReader) throws -> WandbRecord {
        var (items, time) = ([Item](), Int64(0))
        while let field = try reader.next() {
            switch (field.number, field.type) {
            case (2, .bytes): time = try reader.message(timestamp)
            case (3, .bytes): items.append(try reader.message(item))
            default: try reader.skip(field)
            }
        }
        return .stats(items, time: time)
    }

    private static func timestamp(_ reader: inout WireReader) throws -> Int64 {
        var (seconds, nanoseconds) = (Int64(0), Int64(0))
        while let field = try reader.next() {
            switch (field.number, field.type) {
            case (1, .varint): seconds = Int64(bitPattern: try reader.varint())
            case (2, .varint): nanoseconds = Int64(bitPattern: try reader.varint())
            default: try reader.skip(field)
            }
        }
        guard (0...253_402_300_799).contains(seconds) else { return 0 }
        return seconds * 1_000 + nanoseconds / 1_000_000
    }

    private static func run(_ reader: inout WireReader) throws -> Run {
        var run = Run()
        while let field = try reader.next() {
            switch (field.number, field.type) {
            case (1, .bytes): run.id = try reader.string()
            case (3, .bytes): run.project = try reader.string()
            case (4, .bytes): run.config += try reader.message { try items(&$0, in: 1) }
            case (6, .bytes): run.group = try reader.string()
            case (7, .bytes): run.jobType = try reader.string()
            case (8, .bytes): run.name = try reader.string()
            case (9, .bytes): run.notes = try reader.string()
            case (10, .bytes): run.tags.append(try reader.string())
            case (12, .bytes): run.sweep = try reader.string()
            case (13, .bytes): run.host = try reader.string()
            case (17, .bytes): run.start = try reader.message(timestamp)
            default: try reader.skip(field)
            }
        }
        return run
    }

    private static func environment(_ reader: inout WireReader) throws -> WandbRecord {
        var (program, commit, remote, user) = ("", "", "", "")
        while let field = try reader.next() {
            switch (field.number, field.type) {
            case (6, .bytes): program = try reader.string()
            case (9, .bytes):
                try reader.message { reader in
                    while let field = try reader.next() {
                        switch (field.number, field.type) {
                        case (1, .bytes): remote = try reader.string()
                        case (2, .bytes): commit = try reader.string()
                        default: try reader.skip(field)
                        }
                    }
                }
            case (13, .bytes): user = try reader.string()
            default: try reader.skip(field)
            }
        }
        return .environment(program: program, commit: commit, remote: remote, user: user)
    }
}
