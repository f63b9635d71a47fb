#pragma once
#include <zlib.h>

/* The init calls are macros that pass the version and the struct's size. */
static inline int jidoka_inflate_init(z_stream *stream, int windowBits) { return inflateInit2(stream, windowBits); }
static inline int jidoka_deflate_init(z_stream *stream, int level, int windowBits) {
    return deflateInit2(stream, level, Z_DEFLATED, windowBits, 8, Z_DEFAULT_STRATEGY);
}
