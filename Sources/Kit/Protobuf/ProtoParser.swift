import Errors

/// Reads the text of a proto3 file (protobuf.dev/reference/protobuf/proto3-spec): messages, enumerations, maps, oneofs, services. Imports,
/// options and extensions are refused: our files have none.
struct ProtoParser {
    private var tokens: [(text: Substring, line: Int)] = []
    private var at = 0
    private let file: String
    /// Types are resolved when all are known: (message, index of the field, the name as written).
    private var unresolved: [(message: String, field: Int, name: String)] = []

    init(_ text: String, file: String) {
        self.file = file
        var line = 1
        for content in text.split(separator: "\n", omittingEmptySubsequences: false) {
            var rest = content[..<(content.firstRange(of: "//")?.lowerBound ?? content.endIndex)]
            while let first = rest.first {
                if first.isWhitespace {
                    rest.removeFirst()
                    continue
                }
                let length = "{}=;<>,()\"".contains(first) ? 1 : rest.prefix { !$0.isWhitespace && !"{}=;<>,()\"".contains($0) }.count
                tokens.append((rest.prefix(length), line))
                rest = rest.dropFirst(length)
            }
            line += 1
        }
    }

    mutating func read(into schema: inout ProtoSchema) throws {
        while at < tokens.count {
            switch try next() {
            case "syntax":
                for token in ["=", "\"", "proto3", "\"", ";"] { try expect(token) }
            case "package":
                schema.package = try next()
                try expect(";")
            case "message": schema.top.append(try message(in: schema.package, &schema))
            case "enum": schema.top.append(try enumeration(in: schema.package, &schema))
            case "service": try service(&schema)
            case let other: throw error("`\(other)` is not known here")
            }
        }
        for (message, field, name) in unresolved {
            guard let type = resolve(name, in: message, schema) else { throw error("the type `\(name)` of `\(message)` is not declared") }
            if case .map(let key, _) = schema.messages[message]?.fields[field].type {
                schema.messages[message]?.fields[field].type = .map(key: key, value: type)
            } else {
                schema.messages[message]?.fields[field].type = type
            }
        }
        for service in schema.services.indices {
            for method in schema.services[service].methods.indices {
                let known = schema.services[service].methods[method]
                for name in [known.input, known.output] where schema.messages[name] == nil {
                    throw error("the message `\(name)` is not declared")
                }
            }
        }
    }

    private mutating func message(in scope: String, _ schema: inout ProtoSchema) throws -> String {
        let name = qualified(try next(), in: scope)
        var message = ProtoSchema.Message(name: name)
        try expect("{")
        while try !take("}") {
            if try take("message") {
                message.nested.append(try self.message(in: name, &schema))
            } else if try take("enum") {
                message.nested.append(try enumeration(in: name, &schema))
            } else if try take("oneof") {
                let oneof = try next()
                try expect("{")
                while try !take("}") { message.fields.append(try field(of: message, oneof: oneof)) }
            } else {
                message.fields.append(try field(of: message, oneof: nil))
            }
        }
        schema.messages[name] = message
        return name
    }

    private mutating func field(of message: ProtoSchema.Message, oneof: String?) throws -> ProtoSchema.Field {
        let isRepeated = try take("repeated")
        let type: ProtoSchema.FieldType
        if try take("map") {
            try expect("<")
            guard let key = ProtoSchema.Scalar(rawValue: try next()) else { throw error("a map's key is a scalar") }
            try expect(",")
            type = .map(key: key, value: try self.type(of: message))
            try expect(">")
        } else {
            type = try self.type(of: message)
        }
        let name = try next()
        try expect("=")
        guard let number = Int(try next()), (1...536_870_911).contains(number) else { throw error("`\(name)` has no field number") }
        guard !message.fields.contains(where: { $0.number == number || $0.name == name }) else {
            throw error("`\(name)` or its number \(number) is there already")
        }
        try expect(";")
        return ProtoSchema.Field(name: name, number: number, type: type, isRepeated: isRepeated, oneof: oneof)
    }

    /// A scalar now, anything else when all is read; until then it is a message of no name.
    private mutating func type(of message: ProtoSchema.Message) throws -> ProtoSchema.FieldType {
        let name = try next()
        if let scalar = ProtoSchema.Scalar(rawValue: name) { return .scalar(scalar) }
        unresolved.append((message.name, message.fields.count, name))
        return .message("")
    }

    private mutating func enumeration(in scope: String, _ schema: inout ProtoSchema) throws -> String {
        var made = ProtoSchema.Enumeration(name: qualified(try next(), in: scope))
        try expect("{")
        while try !take("}") {
            let name = try next()
            try expect("=")
            guard let number = Int(try next()) else { throw error("`\(name)` has no number") }
            try expect(";")
            made.cases.append((name, number))
        }
        schema.enumerations[made.name] = made
        return made.name
    }

    private mutating func service(_ schema: inout ProtoSchema) throws {
        var service = ProtoSchema.Service(name: qualified(try next(), in: schema.package))
        try expect("{")
        while try !take("}") {
            try expect("rpc")
            let name = try next()
            let (input, streamsInput) = try operand(schema.package)
            try expect("returns")
            let (output, streamsOutput) = try operand(schema.package)
            try expect(";")
            service.methods.append(
                .init(name: name, input: input, output: output, streamsInput: streamsInput, streamsOutput: streamsOutput))
        }
        schema.services.append(service)
    }

    private mutating func operand(_ scope: String) throws -> (String, Bool) {
        try expect("(")
        let streams = try take("stream")
        let name = qualified(try next(), in: scope)
        try expect(")")
        return (name, streams)
    }

    /// From the innermost scope outwards, as the language has it.
    private func resolve(_ name: String, in message: String, _ schema: ProtoSchema) -> ProtoSchema.FieldType? {
        var scope = message
        while true {
            let candidate = qualified(name, in: scope)
            if schema.messages[candidate] != nil { return .message(candidate) }
            if schema.enumerations[candidate] != nil { return .enumeration(candidate) }
            guard !scope.isEmpty else { return nil }
            scope = scope.lastIndex(of: ".").map { String(scope[..<$0]) } ?? ""
        }
    }

    private func qualified(_ name: String, in scope: String) -> String { scope.isEmpty ? name : "\(scope).\(name)" }

    private mutating func next() throws -> String {
        guard at < tokens.count else { throw error("the file ends too early") }
        defer { at += 1 }
        return String(tokens[at].text)
    }

    private mutating func take(_ token: String) throws -> Bool {
        guard at < tokens.count else { throw error("the file ends too early") }
        guard tokens[at].text == token else { return false }
        at += 1
        return true
    }

    private mutating func expect(_ token: String) throws {
        let found = try next()
        guard found == token else { throw error("`\(token)` is wanted, not `\(found)`") }
    }

    private func error(_ what: String) -> JidokaError {
        .invalidArgument("\(file), line \(tokens.isEmpty ? 1 : tokens[min(max(0, at - 1), tokens.count - 1)].line): \(what)")
    }
}
