#pragma once
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

/* HMAC() takes an EVP_MD that is a function call in OpenSSL 3: one entry for the only digest we use. */
static inline unsigned char *jidoka_hmac_sha256(const void *key, int keyLength, const unsigned char *data, size_t count, unsigned char *out) {
    unsigned int length = 32;
    return HMAC(EVP_sha256(), key, keyLength, data, count, out, &length);
}
