// DuckDB's C interface as far as this program uses it, in a header of our own: the library is opened at run time (`jidoka_duckdb_load`),
// so that the program builds and starts without it. Names, types and layouts are those of DuckDB's documented stable C API.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint64_t idx_t;
typedef uint32_t duckdb_type;   // DUCKDB_TYPE_*, an enum in the original
typedef uint32_t duckdb_state;  // 0 success, 1 error

enum {
    DUCKDB_TYPE_INVALID = 0,
    DUCKDB_TYPE_BOOLEAN = 1,
    DUCKDB_TYPE_TINYINT = 2,
    DUCKDB_TYPE_SMALLINT = 3,
    DUCKDB_TYPE_INTEGER = 4,
    DUCKDB_TYPE_BIGINT = 5,
    DUCKDB_TYPE_UTINYINT = 6,
    DUCKDB_TYPE_USMALLINT = 7,
    DUCKDB_TYPE_UINTEGER = 8,
    DUCKDB_TYPE_UBIGINT = 9,
    DUCKDB_TYPE_FLOAT = 10,
    DUCKDB_TYPE_DOUBLE = 11,
    DUCKDB_TYPE_TIMESTAMP = 12,
    DUCKDB_TYPE_HUGEINT = 16,
    DUCKDB_TYPE_VARCHAR = 17,
    DUCKDB_TYPE_DECIMAL = 19,
    DUCKDB_TYPE_TIMESTAMP_S = 20,
    DUCKDB_TYPE_TIMESTAMP_MS = 21,
    DUCKDB_TYPE_TIMESTAMP_NS = 22,
    DUCKDB_TYPE_TIMESTAMP_TZ = 31,
    DUCKDB_TYPE_UHUGEINT = 32,
};

enum { DUCKDB_STATEMENT_TYPE_SELECT = 1 };

typedef struct {
    uint64_t lower;
    int64_t upper;
} duckdb_hugeint;

typedef struct {
    int64_t micros;
} duckdb_timestamp;

/// A string in a vector: up to 12 bytes lie in `bytes`, longer ones behind the pointer in the last 8 of them.
typedef struct {
    uint32_t length;
    char bytes[12];
} duckdb_string_t;

typedef struct {
    idx_t deprecated_counts[3];
    void *deprecated_pointers[2];
    void *internal_data;
} duckdb_result;

typedef struct jidoka_duckdb_database *duckdb_database;
typedef struct jidoka_duckdb_connection *duckdb_connection;
typedef struct jidoka_duckdb_prepared_statement *duckdb_prepared_statement;
typedef struct jidoka_duckdb_appender *duckdb_appender;
typedef struct jidoka_duckdb_config *duckdb_config;
typedef struct jidoka_duckdb_logical_type *duckdb_logical_type;
typedef struct jidoka_duckdb_data_chunk *duckdb_data_chunk;
typedef struct jidoka_duckdb_vector *duckdb_vector;

// One list gives the prototypes, the table of pointers, the functions that jump through it, and the look-up at load time.
// X(result, name, (parameters), (arguments)); V is the same for functions without a result.
#define JIDOKA_DUCKDB_FUNCTIONS(X, V)                                                                                                  \
    X(const char *, duckdb_library_version, (void), ())                                                                                \
    X(duckdb_state, duckdb_create_config, (duckdb_config * config), (config))                                                          \
    X(duckdb_state, duckdb_set_config, (duckdb_config config, const char *name, const char *value), (config, name, value))             \
    V(duckdb_destroy_config, (duckdb_config * config), (config))                                                                       \
    X(duckdb_state, duckdb_open_ext, (const char *path, duckdb_database *database, duckdb_config config, char **error),                \
      (path, database, config, error))                                                                                                 \
    V(duckdb_close, (duckdb_database * database), (database))                                                                          \
    X(duckdb_state, duckdb_connect, (duckdb_database database, duckdb_connection * connection), (database, connection))                \
    V(duckdb_disconnect, (duckdb_connection * connection), (connection))                                                               \
    V(duckdb_free, (void *pointer), (pointer))                                                                                         \
    X(duckdb_state, duckdb_prepare, (duckdb_connection connection, const char *query, duckdb_prepared_statement *statement),           \
      (connection, query, statement))                                                                                                  \
    X(const char *, duckdb_prepare_error, (duckdb_prepared_statement statement), (statement))                                          \
    V(duckdb_destroy_prepare, (duckdb_prepared_statement * statement), (statement))                                                    \
    X(idx_t, duckdb_nparams, (duckdb_prepared_statement statement), (statement))                                                       \
    X(uint32_t, duckdb_prepared_statement_type, (duckdb_prepared_statement statement), (statement))                                    \
    X(idx_t, duckdb_prepared_statement_column_count, (duckdb_prepared_statement statement), (statement))                               \
    X(duckdb_type, duckdb_prepared_statement_column_type, (duckdb_prepared_statement statement, idx_t column), (statement, column))    \
    X(const char *, duckdb_prepared_statement_column_name, (duckdb_prepared_statement statement, idx_t column), (statement, column))   \
    X(duckdb_state, duckdb_bind_null, (duckdb_prepared_statement statement, idx_t index), (statement, index))                          \
    X(duckdb_state, duckdb_bind_boolean, (duckdb_prepared_statement statement, idx_t index, bool value), (statement, index, value))    \
    X(duckdb_state, duckdb_bind_int64, (duckdb_prepared_statement statement, idx_t index, int64_t value), (statement, index, value))   \
    X(duckdb_state, duckdb_bind_double, (duckdb_prepared_statement statement, idx_t index, double value), (statement, index, value))   \
    X(duckdb_state, duckdb_bind_varchar_length,                                                                                        \
      (duckdb_prepared_statement statement, idx_t index, const char *text, idx_t length), (statement, index, text, length))            \
    X(duckdb_state, duckdb_bind_timestamp, (duckdb_prepared_statement statement, idx_t index, duckdb_timestamp value),                 \
      (statement, index, value))                                                                                                       \
    X(duckdb_state, duckdb_execute_prepared, (duckdb_prepared_statement statement, duckdb_result * result), (statement, result))       \
    X(duckdb_state, duckdb_execute_prepared_streaming, (duckdb_prepared_statement statement, duckdb_result * result),                  \
      (statement, result))                                                                                                             \
    X(const char *, duckdb_result_error, (duckdb_result * result), (result))                                                           \
    X(idx_t, duckdb_rows_changed, (duckdb_result * result), (result))                                                                  \
    V(duckdb_destroy_result, (duckdb_result * result), (result))                                                                       \
    X(idx_t, duckdb_column_count, (duckdb_result * result), (result))                                                                  \
    X(const char *, duckdb_column_name, (duckdb_result * result, idx_t column), (result, column))                                      \
    X(duckdb_logical_type, duckdb_column_logical_type, (duckdb_result * result, idx_t column), (result, column))                       \
    X(duckdb_type, duckdb_get_type_id, (duckdb_logical_type type), (type))                                                             \
    X(uint8_t, duckdb_decimal_scale, (duckdb_logical_type type), (type))                                                               \
    X(duckdb_type, duckdb_decimal_internal_type, (duckdb_logical_type type), (type))                                                   \
    X(duckdb_logical_type, duckdb_create_logical_type, (duckdb_type type), (type))                                                     \
    V(duckdb_destroy_logical_type, (duckdb_logical_type * type), (type))                                                               \
    X(duckdb_data_chunk, duckdb_fetch_chunk, (duckdb_result result), (result))                                                         \
    X(duckdb_data_chunk, duckdb_create_data_chunk, (duckdb_logical_type * types, idx_t count), (types, count))                         \
    V(duckdb_destroy_data_chunk, (duckdb_data_chunk * chunk), (chunk))                                                                 \
    V(duckdb_data_chunk_reset, (duckdb_data_chunk chunk), (chunk))                                                                     \
    X(idx_t, duckdb_data_chunk_get_size, (duckdb_data_chunk chunk), (chunk))                                                           \
    V(duckdb_data_chunk_set_size, (duckdb_data_chunk chunk, idx_t size), (chunk, size))                                                \
    X(duckdb_vector, duckdb_data_chunk_get_vector, (duckdb_data_chunk chunk, idx_t column), (chunk, column))                           \
    X(void *, duckdb_vector_get_data, (duckdb_vector vector), (vector))                                                                \
    X(uint64_t *, duckdb_vector_get_validity, (duckdb_vector vector), (vector))                                                        \
    V(duckdb_vector_ensure_validity_writable, (duckdb_vector vector), (vector))                                                        \
    V(duckdb_vector_assign_string_element_len, (duckdb_vector vector, idx_t index, const char *text, idx_t length),                    \
      (vector, index, text, length))                                                                                                   \
    X(idx_t, duckdb_vector_size, (void), ())                                                                                           \
    X(duckdb_state, duckdb_appender_create,                                                                                            \
      (duckdb_connection connection, const char *schema, const char *table, duckdb_appender *appender),                                \
      (connection, schema, table, appender))                                                                                           \
    X(duckdb_state, duckdb_appender_add_column, (duckdb_appender appender, const char *name), (appender, name))                        \
    X(duckdb_state, duckdb_append_data_chunk, (duckdb_appender appender, duckdb_data_chunk chunk), (appender, chunk))                  \
    X(const char *, duckdb_appender_error, (duckdb_appender appender), (appender))                                                     \
    X(duckdb_state, duckdb_appender_close, (duckdb_appender appender), (appender))                                                     \
    X(duckdb_state, duckdb_appender_destroy, (duckdb_appender * appender), (appender))

#define JIDOKA_PROTOTYPE(result, name, parameters, arguments) result name parameters;
#define JIDOKA_PROTOTYPE_VOID(name, parameters, arguments) void name parameters;
JIDOKA_DUCKDB_FUNCTIONS(JIDOKA_PROTOTYPE, JIDOKA_PROTOTYPE_VOID)
#undef JIDOKA_PROTOTYPE
#undef JIDOKA_PROTOTYPE_VOID

/// Opens the library at `path` (a path, or a name that the system's loader finds); `stub`, if not NULL, is opened first, globally.
/// Call it before any other function of this header, and not from two threads at once. On failure it returns false and writes a text
/// into `error`. A second call succeeds for the same library and is refused for another one.
bool jidoka_duckdb_load(const char *path, const char *stub, char *error, size_t error_size);

/// The file that the loaded library came from, or NULL.
const char *jidoka_duckdb_loaded_path(void);
