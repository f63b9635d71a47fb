#pragma once
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* simdjson's DOM parser, and the shortest text of a number. Nothing here throws; nothing here is for two threads at once. */
typedef struct jidoka_json_parser jidoka_json_parser;

/* NULL when there is no memory. Documents nested deeper than `depth` are refused. */
jidoka_json_parser *jidoka_json_new(size_t depth);
void jidoka_json_free(jidoka_json_parser *parser);

/* 0 when `bytes` are one valid JSON text of finite numbers, else simdjson's code. What was parsed before is gone. */
int jidoka_json_parse(jidoka_json_parser *parser, const uint8_t *bytes, size_t count);

/* The parsed document as simdjson's tape (its doc/tape.md) and the buffer of its strings. */
const uint64_t *jidoka_json_tape(const jidoka_json_parser *parser);
const uint8_t *jidoka_json_strings(const jidoka_json_parser *parser);
/* The longest text that the parser has memory for. */
size_t jidoka_json_capacity(const jidoka_json_parser *parser);

/* Writes the shortest decimal that reads back as the same number, whole numbers with `.0`; gives its length, at most 32.
   The value must be finite. */
size_t jidoka_json_write_double(double value, char *out);
size_t jidoka_json_write_float(float value, char *out);

#ifdef __cplusplus
}
#endif
