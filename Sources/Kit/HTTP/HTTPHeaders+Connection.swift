import CMicrohttpd

extension HTTPHeaders {
    /// The fields of a request, in order.
    init(of connection: OpaquePointer) {
        var fields: [(name: String, value: String)] = []
        fields.reserveCapacity(12)
        withUnsafeMutablePointer(to: &fields) { pointer in
            _ = MHD_get_connection_values_n(connection, .HEADER_KIND, collectHeader, pointer)
        }
        self.init(fields)
    }

    func count(of name: String) -> Int { fields.reduce(0) { $0 + (HTTPHeaders.sameName($1.name, name) ? 1 : 0) } }
}

private let collectHeader: MHD_KeyValueIteratorN = { context, _, name, nameCount, value, valueCount in
    guard let context else { return .YES }
    let fields = context.assumingMemoryBound(to: [(name: String, value: String)].self)
    fields.pointee.append((name: text(name, nameCount), value: text(value, valueCount)))
    return .YES
}

/// Bytes that are not UTF-8 (headers may be anything above 0x7F) become replacement characters.
private func text(_ start: UnsafePointer<CChar>?, _ count: Int) -> String {
    String(decoding: UnsafeRawBufferPointer(start: start, count: start == nil ? 0 : count), as: UTF8.self)
}
