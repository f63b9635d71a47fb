import HTTP
package import Protobuf

/// `grpc.reflection.v1.ServerReflection`, also under its older name `v1alpha` (github.com/grpc/grpc, doc/server-reflection.md): clients
/// such as grpcurl learn services and messages from the server itself.
package struct RPCReflection: Sendable {
    private let files: [ProtoSchema]
    private static let names = ["grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection"]

    package init(_ files: [ProtoSchema]) { self.files = files }

    package var methods: [RPCMethod] {
        RPCReflection.names.map { service in
            RPCMethod(
                "/\(service)/ServerReflectionInfo", permission: .read,
                .streaming { call in
                    while let message = await call.next() { try await call.send(try answer(message)) }
                })
        }
    }

    /// The question is one of a oneof; it goes back in the answer, in field 2.
    private func answer(_ message: RPCMessage) throws -> [UInt8] {
        let request = message.withBytes { Array($0) }
        let (question, text) = try message.read { reader in
            var asked = (question: 0, text: "")
            while let field = try reader.next() {
                if (3...7).contains(field.number), field.number != 5, field.type == .bytes {
                    asked = (field.number, try reader.string())
                } else {
                    try reader.skip(field)
                }
            }
            return asked
        }
        var writer = WireWriter()
        writer.blob(2, request)
        switch question {
        case 3: file(named: text, files.first { $0.file == text }, &writer)
        case 4: file(named: text, files.first { $0.declares(text) }, &writer)
        case 7:
            let services = files.flatMap { $0.services.map(\.name) } + ["grpc.health.v1.Health"] + RPCReflection.names
            writer.message(6) { list in for name in services { list.message(1) { $0.string(1, name) } } }
        default: refuse(.unimplemented, "only files, symbols and the list of services can be asked for", &writer)
        }
        return writer.bytes
    }

    private func file(named name: String, _ found: ProtoSchema?, _ writer: inout WireWriter) {
        guard let found else { return refuse(.notFound, "there is no `\(name)`", &writer) }
        writer.message(4) { $0.blob(1, found.descriptor) }
    }

    private func refuse(_ code: RPCStatus.Code, _ why: String, _ writer: inout WireWriter) {
        writer.message(7) { error in
            error.int(1, Int64(code.rawValue))
            error.string(2, why)
        }
    }
}
