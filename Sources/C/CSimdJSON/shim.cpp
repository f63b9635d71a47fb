#include "CSimdJSON.h"

#include <charconv>
#include <cmath>
#include <new>
#include <simdjson.h>

struct jidoka_json_parser {
    simdjson::dom::parser parser;
    size_t depth;
};

extern "C" jidoka_json_parser *jidoka_json_new(size_t depth) {
    try {
        return new jidoka_json_parser{simdjson::dom::parser(), depth};
    } catch (...) {
        return nullptr;
    }
}

extern "C" void jidoka_json_free(jidoka_json_parser *parser) { delete parser; }

extern "C" int jidoka_json_parse(jidoka_json_parser *parser, const uint8_t *bytes, size_t count) {
    try {
        if (parser->parser.capacity() < count || parser->parser.max_depth() != parser->depth) {
            auto failed = parser->parser.allocate(count < 4096 ? 4096 : count, parser->depth);
            if (failed) return int(failed);
        }
        return int(parser->parser.parse(bytes, count).error());
    } catch (...) {
        return int(simdjson::MEMALLOC);
    }
}

extern "C" const uint64_t *jidoka_json_tape(const jidoka_json_parser *parser) { return parser->parser.doc.tape.get(); }
extern "C" const uint8_t *jidoka_json_strings(const jidoka_json_parser *parser) { return parser->parser.doc.string_buf.get(); }
extern "C" size_t jidoka_json_capacity(const jidoka_json_parser *parser) { return parser->parser.capacity(); }

/* Plain digits between 1e-4 and the last integer up to which all are exact, powers of ten beyond: as Swift's own descriptions. */
template <typename T> static size_t write(T value, T exact, char *out) {
    T size = std::fabs(value);
    bool plain = size == 0 || (size >= T(1e-4) && size <= exact);
    auto format = plain ? std::chars_format::fixed : std::chars_format::scientific;
    char *end = std::to_chars(out, out + 32, value, format).ptr;
    if (plain && std::trunc(value) == value) {
        *end++ = '.';
        *end++ = '0';
    }
    return size_t(end - out);
}

extern "C" size_t jidoka_json_write_double(double value, char *out) { return write<double>(value, 0x1p53, out); }
extern "C" size_t jidoka_json_write_float(float value, char *out) { return write<float>(value, 0x1p24f, out); }
