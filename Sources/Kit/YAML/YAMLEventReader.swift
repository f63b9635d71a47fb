internal import CYAML
import Errors

/// What libyaml reports, in Swift's values.
struct YAMLEvent {
    enum Kind {
        case documentStart, documentEnd, streamEnd
        case alias(String)
        case scalar(YAMLScalar)
        case sequenceStart, sequenceEnd, mappingStart, mappingEnd
    }

    var kind: Kind
    var anchor: String?
    var mark: YAMLMark
}

/// The one owner of a libyaml parser and of the bytes that it reads.
final class YAMLEventReader {
    private let parser: UnsafeMutablePointer<yaml_parser_t>
    private let input: UnsafeMutableBufferPointer<UInt8>
    private let file: String

    init(_ bytes: [UInt8], file: String) {
        self.file = file
        input = .allocate(capacity: max(1, bytes.count))
        _ = input.initialize(from: bytes)
        // libyaml keeps a pointer to the parser inside the parser, so it must not move.
        parser = .allocate(capacity: 1)
        precondition(yaml_parser_initialize(parser) == 1, "out of memory")
        yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
        yaml_parser_set_input_string(parser, input.baseAddress, bytes.count)
    }

    deinit {
        yaml_parser_delete(parser)
        parser.deallocate()
        input.deallocate()
    }

    /// The next event; the start of the stream is passed over.
    /// - Throws: `invalid_argument` with the place of the mistake.
    func next() throws(JidokaError) -> YAMLEvent {
        while true {
            var event = yaml_event_t()
            guard yaml_parser_parse(parser, &event) == 1 else { throw failure() }
            defer { yaml_event_delete(&event) }
            if event.type == YAML_STREAM_START_EVENT { continue }
            return translate(event)
        }
    }

    private func translate(_ event: yaml_event_t) -> YAMLEvent {
        let mark = place(event.start_mark)
        switch event.type {
        case YAML_DOCUMENT_START_EVENT: return YAMLEvent(kind: .documentStart, mark: mark)
        case YAML_DOCUMENT_END_EVENT: return YAMLEvent(kind: .documentEnd, mark: mark)
        case YAML_ALIAS_EVENT: return YAMLEvent(kind: .alias(text(event.data.alias.anchor) ?? ""), mark: mark)
        case YAML_SCALAR_EVENT:
            let scalar = event.data.scalar
            let bytes = UnsafeBufferPointer(start: scalar.value, count: scalar.length)
            let value = YAMLScalar(
                text: String(decoding: bytes, as: UTF8.self), style: style(scalar.style), tag: explicit(text(scalar.tag)))
            return YAMLEvent(kind: .scalar(value), anchor: text(scalar.anchor), mark: mark)
        case YAML_SEQUENCE_START_EVENT: return YAMLEvent(kind: .sequenceStart, anchor: text(event.data.sequence_start.anchor), mark: mark)
        case YAML_SEQUENCE_END_EVENT: return YAMLEvent(kind: .sequenceEnd, mark: mark)
        case YAML_MAPPING_START_EVENT: return YAMLEvent(kind: .mappingStart, anchor: text(event.data.mapping_start.anchor), mark: mark)
        case YAML_MAPPING_END_EVENT: return YAMLEvent(kind: .mappingEnd, mark: mark)
        default: return YAMLEvent(kind: .streamEnd, mark: mark)
        }
    }

    /// The tag `!` only says "not plain": the style tells that already.
    private func explicit(_ tag: String?) -> String? { tag == "!" ? "tag:yaml.org,2002:str" : tag }

    private func style(_ style: yaml_scalar_style_t) -> YAMLScalar.Style {
        switch style {
        case YAML_SINGLE_QUOTED_SCALAR_STYLE: .singleQuoted
        case YAML_DOUBLE_QUOTED_SCALAR_STYLE: .doubleQuoted
        case YAML_LITERAL_SCALAR_STYLE: .literal
        case YAML_FOLDED_SCALAR_STYLE: .folded
        default: .plain
        }
    }

    private func text(_ pointer: UnsafeMutablePointer<UInt8>?) -> String? { pointer.map { String(cString: $0) } }

    private func place(_ mark: yaml_mark_t) -> YAMLMark { YAMLMark(file: file, line: mark.line + 1, column: mark.column + 1) }

    private func failure() -> JidokaError {
        let state = parser.pointee
        let problem = state.problem.map { String(cString: $0) } ?? "it cannot be read"
        if state.error == YAML_READER_ERROR {
            return placeOfByte(state.problem_offset).failure("not valid UTF-8: \(problem)", hint: "save it as UTF-8")
        }
        var what = "malformed YAML: \(problem)"
        if let context = state.context { what += " \(String(cString: context)) that begins on line \(state.context_mark.line + 1)" }
        let hint =
            problem.contains("cannot start any token")
            ? "indent with spaces, not tabs, and quote values that begin with a special character"
            : "check the indentation, the `:` after keys and the closing quotes and brackets near this line"
        return place(state.problem_mark).failure(what, hint: hint)
    }

    /// Line and column of a byte: libyaml gives only the offset when the encoding is broken.
    private func placeOfByte(_ offset: Int) -> YAMLMark {
        let before = input.prefix(max(0, min(offset, input.count)))
        let line = before.count { $0 == 0x0A } + 1
        let column = before.reversed().prefix { $0 != 0x0A }.count + 1
        return YAMLMark(file: file, line: line, column: column)
    }
}
