/// The file as `google.protobuf.FileDescriptorProto` (descriptor.proto): what reflection gives out and clients build their messages from.
extension ProtoSchema {
    package var descriptor: [UInt8] {
        var writer = WireWriter(capacity: 4_096)
        writer.string(1, file)
        writer.string(2, package)
        for name in top {
            if let message = messages[name] { writer.message(4) { describe(message, &$0) } }
            if let enumeration = enumerations[name] { writer.message(5) { describe(enumeration, &$0) } }
        }
        for service in services {
            writer.message(6) { inner in
                inner.string(1, simple(service.name))
                for method in service.methods {
                    inner.message(2) { inner in
                        inner.string(1, method.name)
                        inner.string(2, "." + method.input)
                        inner.string(3, "." + method.output)
                        if method.streamsInput { inner.bool(5, true) }
                        if method.streamsOutput { inner.bool(6, true) }
                    }
                }
            }
        }
        writer.string(12, "proto3")
        return writer.bytes
    }

    private func describe(_ message: Message, _ writer: inout WireWriter) {
        writer.string(1, simple(message.name))
        var oneofs: [String] = []
        for field in message.fields {
            if let oneof = field.oneof, !oneofs.contains(oneof) { oneofs.append(oneof) }
            let place = field.oneof.flatMap { oneofs.firstIndex(of: $0) }
            if case .map(let key, let value) = field.type {
                let entry = entryName(field)
                writer.message(2) {
                    describe(field.name, field.number, .message("\(message.name).\(entry)"), repeated: true, oneof: nil, &$0)
                }
                writer.message(3) { inner in
                    inner.string(1, entry)
                    inner.message(2) { describe("key", 1, .scalar(key), repeated: false, oneof: nil, &$0) }
                    inner.message(2) { describe("value", 2, value, repeated: false, oneof: nil, &$0) }
                    inner.message(7) { $0.bool(7, true) }
                }
            } else {
                writer.message(2) { describe(field.name, field.number, field.type, repeated: field.isRepeated, oneof: place, &$0) }
            }
        }
        for name in message.nested {
            if let nested = messages[name] { writer.message(3) { describe(nested, &$0) } }
            if let nested = enumerations[name] { writer.message(4) { describe(nested, &$0) } }
        }
        for oneof in oneofs { writer.message(8) { $0.string(1, oneof) } }
    }

    private func describe(
        _ name: String, _ number: Int, _ type: FieldType, repeated: Bool, oneof: Int?, _ writer: inout WireWriter
    ) {
        writer.string(1, name)
        writer.int(3, Int64(number))
        writer.int(4, repeated ? 3 : 1)
        writer.int(5, code(type))
        switch type {
        case .message(let name), .enumeration(let name): writer.string(6, "." + name)
        case .scalar, .map: break
        }
        if let oneof { writer.int(9, Int64(oneof)) }
    }

    private func describe(_ enumeration: Enumeration, _ writer: inout WireWriter) {
        writer.string(1, simple(enumeration.name))
        for (name, number) in enumeration.cases {
            writer.message(2) { inner in
                inner.string(1, name)
                inner.int(2, Int64(number))
            }
        }
    }

    /// `FieldDescriptorProto.Type`.
    private func code(_ type: FieldType) -> Int64 {
        switch type {
        case .message, .map: 11
        case .enumeration: 14
        case .scalar(let scalar):
            switch scalar {
            case .double: 1
            case .float: 2
            case .int64: 3
            case .uint64: 4
            case .int32: 5
            case .bool: 8
            case .string: 9
            case .bytes: 12
            case .uint32: 13
            }
        }
    }

    /// `model_parameters` has entries of the type `ModelParametersEntry`.
    private func entryName(_ field: Field) -> String {
        field.name.split(separator: "_").map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined() + "Entry"
    }

    private func simple(_ name: String) -> String { name.lastIndex(of: ".").map { String(name[name.index(after: $0)...]) } ?? name }
}
