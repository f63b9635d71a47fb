/// Params that are numbers keep them beside their text, so that a search for `params.depth > 5` reads an index.
///
/// `number` is what `FilterNumber.read` says of the value when it is written. Rows that are older get it here: the column of the temporary
/// table has numeric affinity, which converts a text only if all of it is a number.
enum ParamNumberSchema {
    static let sql = """
        ALTER TABLE params ADD COLUMN number REAL;
        ALTER TABLE logged_model_params ADD COLUMN number REAL;
        \(older)
        CREATE INDEX params_by_number ON params (key, number, run) WHERE number IS NOT NULL;
        """

    /// PostgreSQL databases hold no older rows.
    static let onPostgres = [(passage: older, instead: "")]

    private static let older = """
        CREATE TEMPORARY TABLE param_numbers (owner, key TEXT, number NUMERIC);
        INSERT INTO param_numbers SELECT run, key, value FROM params WHERE \(isShaped);
        UPDATE params SET number = CAST(n.number AS REAL) FROM param_numbers n
            WHERE n.owner = params.run AND n.key = params.key AND \(isNumber);
        DELETE FROM param_numbers;
        INSERT INTO param_numbers SELECT model, key, value FROM logged_model_params WHERE \(isShaped);
        UPDATE logged_model_params SET number = CAST(n.number AS REAL) FROM param_numbers n
            WHERE n.owner = logged_model_params.model AND n.key = logged_model_params.key AND \(isNumber);
        DROP TABLE param_numbers;
        """

    private static let isShaped = "length(value) <= 64 AND value GLOB '[-+.0-9]*' AND value NOT GLOB '*[^-+.0-9eE]*'"
    private static let isNumber = "typeof(n.number) <> 'text' AND abs(n.number) <= 1.7976931348623157e308"
}
