import Errors
package import JSON

/// Messages to and from JSON: field names as in the file, enumerations by name, 64-bit integers as numbers, bytes in base64. (Not the
/// canonical mapping of protobuf.dev/programming-guides/json, which renames fields and writes 64-bit integers as strings.)
extension ProtoSchema {
    /// A message's fields that are there. Fields that the file does not have are passed over; an enumeration's unknown number stays one.
    /// - Throws: `invalid_argument` for bytes that are no message of this kind.
    package func decode(_ name: String, _ bytes: UnsafeBufferPointer<UInt8>) throws -> JSONObject {
        try WireReader.read(bytes) { try decode(name, &$0) }
    }

    private func decode(_ name: String, _ reader: inout WireReader) throws -> JSONObject {
        let message = try declared(name)
        var object = JSONObject()
        while let head = try reader.next() {
            guard let field = message.fields.first(where: { $0.number == head.number }) else {
                try reader.skip(head)
                continue
            }
            if case .map(let key, let value) = field.type {
                let (name, decoded) = try entry(key, value, &reader, head)
                var map = object[field.name]?.objectValue ?? JSONObject()
                map[name] = decoded
                object[field.name] = .object(map)
            } else if field.isRepeated {
                var all = object[field.name]?.arrayValue ?? []
                if isPackable(field.type) {
                    try reader.repeated(head, into: &all) { try value(field.type, &$0, wireType(field.type)) }
                } else {
                    all.append(try value(field.type, &reader, head.type))
                }
                object[field.name] = .array(all)
            } else {
                // Of a oneof the last one counts.
                if let oneof = field.oneof { for other in message.fields where other.oneof == oneof { object[other.name] = nil } }
                object[field.name] = try value(field.type, &reader, head.type)
            }
        }
        return object
    }

    private func entry(_ key: Scalar, _ type: FieldType, _ reader: inout WireReader, _ head: WireField) throws -> (String, JSONValue) {
        guard head.type == .bytes else { throw mismatch() }
        return try reader.message { inner in
            var name = key == .string ? "" : "0"
            var found: JSONValue?
            while let head = try inner.next() {
                switch head.number {
                case 1:
                    let value = try value(.scalar(key), &inner, head.type)
                    name = value.stringValue ?? value.text
                case 2: found = try value(type, &inner, head.type)
                default: try inner.skip(head)
                }
            }
            return (name, found ?? zero(type))
        }
    }

    private func zero(_ type: FieldType) -> JSONValue {
        switch type {
        case .scalar(.string), .scalar(.bytes): ""
        case .scalar(.bool): false
        case .scalar, .enumeration: 0
        case .message, .map: [:]
        }
    }

    private func value(_ type: FieldType, _ reader: inout WireReader, _ wire: WireType) throws -> JSONValue {
        guard wire == wireType(type) else { throw mismatch() }
        switch type {
        case .message(let name): return .object(try reader.message { try decode(name, &$0) })
        case .enumeration(let name):
            let number = Int64(truncatingIfNeeded: try reader.varint())
            return enumerations[name]?.cases.first { Int64($0.number) == number }.map { .string($0.name) } ?? .int(number)
        case .map: throw mismatch()
        case .scalar(let scalar):
            switch scalar {
            case .double: return .double(try reader.double())
            case .float: return .double(Double(try reader.float()))
            case .int32: return .int(Int64(Int32(truncatingIfNeeded: try reader.varint())))
            case .int64: return .int(Int64(bitPattern: try reader.varint()))
            case .uint32: return .int(Int64(UInt32(truncatingIfNeeded: try reader.varint())))
            case .uint64: return .int(Int64(clamping: try reader.varint()))
            case .bool: return .bool(try reader.varint() != 0)
            case .string: return .string(try reader.string())
            case .bytes: return .string(Base64.encode(try reader.blob()))
            }
        }
    }

    /// A message of an object's members. Members that the message does not have are left out.
    /// - Throws: `internal` for a value of another kind than its field's.
    package func encode(_ name: String, _ object: JSONObject) throws -> [UInt8] {
        var writer = WireWriter()
        try encode(try declared(name), object, &writer)
        return writer.bytes
    }

    private func encode(_ message: Message, _ object: JSONObject, _ writer: inout WireWriter) throws {
        for field in message.fields {
            guard let value = object[field.name], !value.isNull else { continue }
            if case .map(let key, let type) = field.type {
                guard let members = value.objectValue else { throw unfit(field, message) }
                for (name, value) in members {
                    var entry = WireWriter()
                    try write(
                        .init(name: "key", number: 1, type: .scalar(key)), key == .string ? .string(name) : .int(Int64(name) ?? 0), &entry,
                        message)
                    try write(.init(name: field.name, number: 2, type: type), value, &entry, message)
                    writer.blob(field.number, entry.bytes)
                }
            } else if field.isRepeated {
                guard let items = value.arrayValue else { throw unfit(field, message) }
                for item in items { try write(field, item, &writer, message, keepsZero: true) }
            } else {
                try write(field, value, &writer, message, keepsZero: field.oneof != nil)
            }
        }
    }

    /// Without `keepsZero` proto3's defaults are left out, which readers take for the same.
    private func write(
        _ field: Field, _ value: JSONValue, _ writer: inout WireWriter, _ message: Message, keepsZero: Bool = false
    ) throws {
        if !keepsZero, value == zero(field.type), !isMessage(field.type) { return }
        let number = field.number
        switch field.type {
        case .message(let name):
            guard let object = value.objectValue else { throw unfit(field, message) }
            writer.blob(number, try encode(name, object))
        case .enumeration(let name):
            let named = value.stringValue.flatMap { text in enumerations[name]?.cases.first { $0.name == text }?.number }
            guard let place = named.map(Int64.init) ?? value.intValue else { throw unfit(field, message) }
            writer.int(number, place)
        case .map: throw unfit(field, message)
        case .scalar(let scalar):
            switch scalar {
            case .double, .float:
                guard let real = value.doubleValue else { throw unfit(field, message) }
                if scalar == .double { writer.double(number, real) } else { writer.float(number, Float(real)) }
            case .int32, .int64, .uint32, .uint64:
                guard let whole = value.intValue else { throw unfit(field, message) }
                writer.int(number, whole)
            case .bool:
                guard let flag = value.boolValue else { throw unfit(field, message) }
                writer.bool(number, flag)
            case .string:
                guard let text = value.stringValue else { throw unfit(field, message) }
                writer.string(number, text)
            case .bytes:
                guard let bytes = value.stringValue.flatMap({ Base64.decode($0) }) else { throw unfit(field, message) }
                writer.blob(number, bytes)
            }
        }
    }

    private func isMessage(_ type: FieldType) -> Bool { if case .message = type { true } else { false } }

    private func isPackable(_ type: FieldType) -> Bool {
        switch type {
        case .enumeration: true
        case .scalar(let scalar): scalar != .string && scalar != .bytes
        case .message, .map: false
        }
    }

    private func wireType(_ type: FieldType) -> WireType {
        switch type {
        case .message, .map, .scalar(.string), .scalar(.bytes): .bytes
        case .scalar(.double): .fixed64
        case .scalar(.float): .fixed32
        case .enumeration, .scalar: .varint
        }
    }

    private func declared(_ name: String) throws -> Message {
        guard let message = messages[name] else { throw JidokaError.internal("\(file) declares no message `\(name)`") }
        return message
    }

    private func mismatch() -> JidokaError {
        .invalidArgument("a field of the protobuf message has another type than its declaration says")
    }

    private func unfit(_ field: Field, _ message: Message) -> JidokaError {
        .internal("a value does not fit `\(message.name).\(field.name)`")
    }
}
