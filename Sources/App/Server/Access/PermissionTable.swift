import HTTP

extension JidokaServer {
    /// `docs/reference/permissions.md`: every route with what its caller must be allowed.
    static func permissionTable(_ routes: [Route]) -> String {
        var text = """
            # Permissions

            Every route of the server, with the permission that its caller needs and the kind of thing on which it acts. Printed from the
            routes themselves by `make docs`; `make test` fails when this page is stale.

            One authoriser is asked before any handler runs. Today it lets everyone do everything, which is why the server listens on
            loopback unless `--allow-unauthenticated` is given.

            | method | path | permission | scope |
            | --- | --- | --- | --- |

            """
        let rows = routes.map { route in
            let fields = route.scope.map { $0.fields.isEmpty ? "" : " (\($0.fields.joined(separator: ", ")))" } ?? ""
            return "| \(route.method) | `\(route.pattern)` | \(route.permission.rawValue) | \(route.scope?.kind ?? "none")\(fields) |"
        }
        for row in rows.sorted() { text += row + "\n" }
        return text
    }
}
