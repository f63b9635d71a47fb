package import Errors

/// One node of a YAML document: what it holds and where it stands, so that every complaint can name its line.
package struct YAMLNode: Sendable, Hashable {
    package enum Content: Sendable, Hashable {
        case scalar(YAMLScalar)
        case sequence([YAMLNode])
        /// Entries in the order of the text; keys are scalars and differ from one another.
        case mapping([YAMLEntry])
    }

    package var content: Content
    package var mark: YAMLMark

    package init(_ content: Content, mark: YAMLMark) {
        self.content = content
        self.mark = mark
    }
}

/// A key with its value; the key's mark is where the entry begins.
package struct YAMLEntry: Sendable, Hashable {
    package var key: String
    package var keyMark: YAMLMark
    package var value: YAMLNode

    package init(key: String, keyMark: YAMLMark, value: YAMLNode) {
        self.key = key
        self.keyMark = keyMark
        self.value = value
    }
}

/// A place in a text; line and column count from 1.
package struct YAMLMark: Sendable, Hashable, CustomStringConvertible {
    package var file: String
    package var line: Int
    package var column: Int

    package init(file: String, line: Int, column: Int) {
        self.file = file
        self.line = line
        self.column = column
    }

    package var description: String { "\(file):\(line):\(column)" }
}

extension YAMLNode {
    /// The value of `key` in a mapping; nil for other nodes and absent keys.
    package subscript(key: String) -> YAMLNode? { entries?.first { $0.key == key }?.value }

    package var entries: [YAMLEntry]? { if case .mapping(let entries) = content { entries } else { nil } }
    package var items: [YAMLNode]? { if case .sequence(let items) = content { items } else { nil } }
    package var scalar: YAMLScalar? { if case .scalar(let scalar) = content { scalar } else { nil } }

    /// The scalar's text as it was written, whatever its type; nil for collections.
    package var text: String? { scalar?.text }
    /// The text of a scalar whose type is string: `"5"` is one, `5` is not.
    package var string: String? { if case .string(let value) = scalar?.value { value } else { nil } }
    package var bool: Bool? { if case .bool(let value) = scalar?.value { value } else { nil } }
    package var int: Int64? { if case .int(let value) = scalar?.value { value } else { nil } }
    /// Floating-point numbers and integers.
    package var double: Double? {
        switch scalar?.value {
        case .double(let value): value
        case .int(let value): Double(value)
        default: nil
        }
    }
    package var isNull: Bool { scalar?.value == .null }

    /// What the node is, in a word for messages.
    package var kindWord: String {
        switch content {
        case .sequence: "a list"
        case .mapping: "a mapping"
        case .scalar(let scalar): scalar.value.kindWord
        }
    }

    /// An `invalid_argument` that begins with the node's place.
    package func failure(_ what: String, hint: String? = nil) -> JidokaError { mark.failure(what, hint: hint) }
}

extension YAMLMark {
    /// An `invalid_argument` that begins with this place: `jidoka.yaml:3:7: ...`.
    package func failure(_ what: String, hint: String? = nil) -> JidokaError {
        JidokaError(
            .invalidArgument, "\(self): \(what)", hint: hint, fields: ["file": file, "line": String(line), "column": String(column)])
    }
}
