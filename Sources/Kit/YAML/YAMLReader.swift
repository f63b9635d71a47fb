package import Errors

/// The most that one document may hold. Nodes are counted after aliases are expanded, so a text that doubles itself is refused early.
package struct YAMLLimits: Sendable {
    package var bytes: Int
    package var depth: Int
    package var nodes: Int

    package init(bytes: Int = 4 << 20, depth: Int = 64, nodes: Int = 100_000) {
        self.bytes = bytes
        self.depth = depth
        self.nodes = nodes
    }
}

extension YAMLNode {
    /// Reads the one document of a text. An empty text is a null scalar at 1:1.
    ///
    /// Duplicate keys, keys that are collections, a second document, unknown anchors and an anchor inside itself are refused. The merge
    /// key `<<` takes over entries that the mapping does not have itself.
    /// - Parameter file: the name that messages and marks carry.
    /// - Throws: `invalid_argument` whose message begins with `file:line:column`.
    package static func parse(_ text: String, file: String = "<text>", limits: YAMLLimits = YAMLLimits()) throws(JidokaError) -> YAMLNode {
        try parse(Array(text.utf8), file: file, limits: limits)
    }

    package static func parse(_ bytes: [UInt8], file: String = "<text>", limits: YAMLLimits = YAMLLimits()) throws(JidokaError) -> YAMLNode
    {
        guard bytes.count <= limits.bytes else {
            throw YAMLMark(file: file, line: 1, column: 1).failure(
                "the file has \(bytes.count) bytes, more than the \(limits.bytes) allowed", hint: "split it")
        }
        var composer = YAMLComposer(YAMLEventReader(bytes, file: file), limits: limits)
        return try composer.document()
    }
}

/// Builds the tree from events.
private struct YAMLComposer {
    private struct Anchor {
        var node: YAMLNode
        /// Nodes in the subtree, aliases expanded.
        var size: Int
    }

    private let events: YAMLEventReader
    private let limits: YAMLLimits
    private var anchors: [String: Anchor] = [:]
    private var nodes = 0

    init(_ events: YAMLEventReader, limits: YAMLLimits) {
        self.events = events
        self.limits = limits
    }

    mutating func document() throws(JidokaError) -> YAMLNode {
        let first = try events.next()
        if case .streamEnd = first.kind {
            return YAMLNode(.scalar(YAMLScalar(text: "", style: .plain)), mark: YAMLMark(file: first.mark.file, line: 1, column: 1))
        }
        let root = try node(try events.next(), depth: 0)
        _ = try events.next()  // the end of the document
        let after = try events.next()
        guard case .streamEnd = after.kind else {
            throw after.mark.failure("a second document begins here", hint: "keep one document in a file: remove the `---` line")
        }
        return root
    }

    private mutating func node(_ event: YAMLEvent, depth: Int) throws(JidokaError) -> YAMLNode {
        guard depth < limits.depth else {
            throw event.mark.failure("nested deeper than \(limits.depth) levels", hint: "flatten the document")
        }
        let before = nodes
        let made: YAMLNode
        switch event.kind {
        case .alias(let name): return try alias(name, mark: event.mark)
        case .scalar(let scalar):
            try count(1, at: event.mark)
            made = YAMLNode(.scalar(scalar), mark: event.mark)
        case .sequenceStart:
            try count(1, at: event.mark)
            made = YAMLNode(.sequence(try sequence(depth: depth)), mark: event.mark)
        case .mappingStart:
            try count(1, at: event.mark)
            made = YAMLNode(.mapping(try mapping(depth: depth)), mark: event.mark)
        case .documentStart, .sequenceEnd, .mappingEnd, .documentEnd, .streamEnd:
            throw event.mark.failure("a value is missing here")
        }
        if let anchor = event.anchor { anchors[anchor] = Anchor(node: made, size: nodes - before) }
        return made
    }

    private mutating func count(_ more: Int, at mark: YAMLMark) throws(JidokaError) {
        nodes += more
        guard nodes <= limits.nodes else {
            throw mark.failure("more than \(limits.nodes) nodes once aliases are expanded", hint: "use fewer aliases or split the file")
        }
    }

    private mutating func alias(_ name: String, mark: YAMLMark) throws(JidokaError) -> YAMLNode {
        guard let anchor = anchors[name] else {
            throw mark.failure("unknown anchor `\(name)`", hint: "write `&\(name)` on a complete value above this line")
        }
        try count(anchor.size, at: mark)
        return anchor.node
    }

    private mutating func sequence(depth: Int) throws(JidokaError) -> [YAMLNode] {
        var items: [YAMLNode] = []
        while true {
            let event = try events.next()
            if case .sequenceEnd = event.kind { return items }
            items.append(try node(event, depth: depth + 1))
        }
    }

    private mutating func mapping(depth: Int) throws(JidokaError) -> [YAMLEntry] {
        var entries: [YAMLEntry] = []
        var lines: [String: Int] = [:]
        var merges: [YAMLNode] = []
        while true {
            let event = try events.next()
            if case .mappingEnd = event.kind { break }
            let keyNode = try node(event, depth: depth + 1)
            guard let key = keyNode.scalar else {
                throw event.mark.failure("a key must be a text, not \(keyNode.kindWord)", hint: "write `key: value`")
            }
            let value = try node(try events.next(), depth: depth + 1)
            if key.text == "<<", key.style == .plain, key.tag == nil {
                merges.append(value)
                continue
            }
            if let line = lines[key.text] {
                throw event.mark.failure("the key `\(key.text)` is already given on line \(line)", hint: "keep one of the two")
            }
            lines[key.text] = event.mark.line
            entries.append(YAMLEntry(key: key.text, keyMark: event.mark, value: value))
        }
        for node in merges { try merge(node, into: &entries, known: &lines) }
        return entries
    }

    private func merge(_ node: YAMLNode, into entries: inout [YAMLEntry], known: inout [String: Int]) throws(JidokaError) {
        switch node.content {
        case .mapping(let others):
            for entry in others where known[entry.key] == nil {
                known[entry.key] = entry.keyMark.line
                entries.append(entry)
            }
        case .sequence(let sources): for source in sources { try merge(source, into: &entries, known: &known) }
        case .scalar: throw node.failure("`<<` merges a mapping, not \(node.kindWord)", hint: "write `<<: *anchor` of a mapping")
        }
    }
}
