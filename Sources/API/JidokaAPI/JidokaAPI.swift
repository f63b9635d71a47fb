package import HTTP
import JSON
import Telemetry

/// Declares Jidoka's own routes, `/metrics` and the OpenAPI document that describes them.
package func mountJidoka(on router: inout Router, services: JidokaServices, version: String) {
    var routes = JidokaRoutes(router: router)
    routes.mountLine(services)
    routes.mountDatasets(services)
    routes.mountPipelines(services)
    routes.mountModels(services)
    routes.mountModelHistory(services)
    routes.mountLifecycle(services.lifecycle)
    routes.mountEndpoints(services)
    routes.mountRollouts(services)
    routes.mountPredictions(services)
    routes.mountMonitors(services)
    routes.mountEvents(services)
    let document = OpenAPI.document(routes.router.routes + [OpenAPI.ownRoute([])], version: version)
    routes.router.add(OpenAPI.ownRoute(document))
    router = routes.router
    router.add(
        Route(method: "GET", pattern: "/metrics", permission: .read, summary: nil, renderError: JidokaErrors.render) { _ in
            HTTPResponse(
                headers: ["content-type": "text/plain; version=0.0.4; charset=utf-8"],
                body: .bytes(Array(services.metrics.exposition().utf8)))
        })
}

/// The OpenAPI 3.1 document of the routes that have a summary.
enum OpenAPI {
    /// The route that answers with the document, which is in the document too.
    static func ownRoute(_ document: [UInt8]) -> Route {
        Route(
            method: "GET", pattern: "/api/v1/openapi.json", permission: .read, summary: "This document.", renderError: JidokaErrors.render
        ) { _ in
            .json(document)
        }
    }

    static func document(_ routes: [Route], version: String) -> [UInt8] {
        var paths = JSONObject()
        for route in routes {
            guard let summary = route.summary, route.pattern.hasPrefix("/api/v1") else { continue }
            var path = paths[route.pattern]?.objectValue ?? [:]
            path[route.method.lowercased()] = .object(operation(route, summary))
            paths[route.pattern] = .object(path)
        }
        let document: JSONValue = [
            "openapi": "3.1.0", "info": ["title": "Jidoka", "version": .string(version)], "paths": .object(paths),
            "components": ["schemas": ["Error": errorSchema]],
        ]
        return document.serialized
    }

    private static func operation(_ route: Route, _ summary: String) -> JSONObject {
        let names = route.pattern.split(separator: "/").filter { $0.hasPrefix("{") }.map {
            String($0.dropFirst().prefix { $0 != "}" && $0 != "." })
        }
        var operation: JSONObject = [
            "operationId": .string(identifier(route)), "summary": .string(summary), "x-permission": .string(route.permission.rawValue),
        ]
        if !names.isEmpty {
            operation["parameters"] = .array(
                names.map { ["name": .string($0), "in": "path", "required": true, "schema": ["type": "string"]] })
        }
        let failure: JSONValue = [
            "description": "What went wrong and what to do.",
            "content": ["application/json": ["schema": ["$ref": "#/components/schemas/Error"]]],
        ]
        operation["responses"] = ["2XX": ["description": "Done."], "default": failure]
        return operation
    }

    /// `post_pipeline_runs_id_cancel`: what generated clients call the operation. Method and pattern are unique, so it is too.
    private static func identifier(_ route: Route) -> String {
        let segments = route.pattern.split(separator: "/").dropFirst(2).map { segment in
            String(segment.map { $0.isLetter || $0.isNumber ? $0 : "_" }.drop { $0 == "_" }.reversed().drop { $0 == "_" }.reversed())
        }
        return ([route.method.lowercased()] + segments).joined(separator: "_")
    }

    private static var errorSchema: JSONValue {
        let text: JSONValue = ["type": "string"]
        return [
            "type": "object",
            "properties": [
                "error": [
                    "type": "object", "required": ["code", "message"],
                    "properties": ["code": text, "message": text, "hint": text, "fields": ["type": "object"], "request_id": text],
                ]
            ],
        ]
    }
}
