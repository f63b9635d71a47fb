/// The messages, enumerations and services of one `.proto` file, read at run time.
///
/// With it, messages that are not on a hot path need no code of their own: `decode` and `encode` carry them to and from JSON under their
/// proto field names, and `descriptor` tells clients about them (gRPC's reflection). Hot messages are read with `WireReader`.
package struct ProtoSchema: Sendable {
    package enum Scalar: String, Sendable, CaseIterable {
        case double, float, int32, int64, uint32, uint64, bool, string, bytes
    }
    package indirect enum FieldType: Sendable, Equatable {
        case scalar(Scalar)
        /// By full name: `inference.ModelConfig`.
        case message(String)
        case enumeration(String)
        case map(key: Scalar, value: FieldType)
    }
    package struct Field: Sendable, Equatable {
        package var name: String
        package var number: Int
        package var type: FieldType
        package var isRepeated = false
        /// The oneof that it is a case of: present even when it is zero.
        package var oneof: String?
    }
    package struct Message: Sendable, Equatable {
        /// With package and enclosing messages.
        package var name: String
        package var fields: [Field] = []
        /// Full names of the messages and enumerations declared inside, in order.
        package var nested: [String] = []
    }
    package struct Enumeration: Sendable, Equatable {
        package var name: String
        package var cases: [(name: String, number: Int)] = []

        package static func == (a: Enumeration, b: Enumeration) -> Bool {
            a.name == b.name && a.cases.elementsEqual(b.cases) { $0 == $1 }
        }
    }
    package struct Method: Sendable, Equatable {
        package var name: String
        package var input: String
        package var output: String
        package var streamsInput: Bool
        package var streamsOutput: Bool
    }
    package struct Service: Sendable, Equatable {
        package var name: String
        package var methods: [Method] = []
    }

    /// The name under which reflection gives it out: `open_inference.proto`.
    package let file: String
    package internal(set) var package = ""
    package internal(set) var messages: [String: Message] = [:]
    package internal(set) var enumerations: [String: Enumeration] = [:]
    package internal(set) var services: [Service] = []
    /// Full names of what the file declares itself, in order.
    var top: [String] = []

    /// Reads the text of a proto3 file without imports and options.
    /// - Throws: `invalid_argument` with the line.
    package init(file: String, text: some Collection<UInt8>) throws {
        self.file = file
        var parser = ProtoParser(String(decoding: text, as: UTF8.self), file: file)
        try parser.read(into: &self)
    }

    /// Whether a message, enumeration, service or method of this full name is declared here.
    package func declares(_ symbol: String) -> Bool {
        messages[symbol] != nil || enumerations[symbol] != nil
            || services.contains { service in
                service.name == symbol || service.methods.contains { "\(service.name).\($0.name)" == symbol }
            }
    }
}
