import SQL

/// The tables of the past of aliases and stages. See docs/format/registry.md.
///
/// What was so before the tables were there begins with the newest change of the model or the version: it has been so since then at least.
enum ModelHistorySchema {
    static let migration = Migration(name: "registry-0003-history", sql: history)

    private static let history = """
        CREATE TABLE alias_history (
            number INTEGER PRIMARY KEY,
            model INTEGER NOT NULL REFERENCES registered_models (number),
            alias TEXT NOT NULL,
            version INTEGER,
            version_before INTEGER,
            time INTEGER NOT NULL,
            actor TEXT NOT NULL,
            reason TEXT NOT NULL
        ) STRICT;
        CREATE INDEX alias_history_by_time ON alias_history (model, alias, time, number);
        CREATE TABLE stage_history (
            number INTEGER PRIMARY KEY,
            model INTEGER NOT NULL REFERENCES registered_models (number),
            version INTEGER NOT NULL,
            stage TEXT,
            stage_before TEXT,
            time INTEGER NOT NULL,
            actor TEXT NOT NULL,
            reason TEXT NOT NULL
        ) STRICT;
        CREATE INDEX stage_history_by_time ON stage_history (model, version, time, number);
        INSERT INTO alias_history (model, alias, version, time, actor, reason)
            SELECT a.model, a.alias, a.version, m.updated_at, 'system', 'known when history began'
            FROM model_aliases a JOIN registered_models m ON m.number = a.model ORDER BY a.model, a.alias;
        INSERT INTO stage_history (model, version, stage, time, actor, reason)
            SELECT v.model, v.version, v.stage, v.updated_at, 'system', 'known when history began'
            FROM model_versions v WHERE v.stage != 'None' AND v.deleted_at IS NULL ORDER BY v.model, v.version;
        """
}
