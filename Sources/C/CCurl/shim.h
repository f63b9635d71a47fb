#pragma once
#include <curl/curl.h>

/* Variadic C cannot be called from Swift: one typed entry for each kind of argument. The type checking macros of curl are avoided
   by the parentheses around the function's name. */
static inline CURLcode jidoka_curl_set_number(CURL *handle, CURLoption option, long value) { return (curl_easy_setopt)(handle, option, value); }
static inline CURLcode jidoka_curl_set_size(CURL *handle, CURLoption option, curl_off_t value) { return (curl_easy_setopt)(handle, option, value); }
static inline CURLcode jidoka_curl_set_pointer(CURL *handle, CURLoption option, const void *value) { return (curl_easy_setopt)(handle, option, value); }

typedef size_t (*jidoka_curl_transfer)(char *data, size_t size, size_t count, void *context);
static inline CURLcode jidoka_curl_set_transfer(CURL *handle, CURLoption option, jidoka_curl_transfer function) {
    return (curl_easy_setopt)(handle, option, function);
}
static inline CURLcode jidoka_curl_set_seek(CURL *handle, int (*function)(void *context, curl_off_t offset, int origin)) {
    return (curl_easy_setopt)(handle, CURLOPT_SEEKFUNCTION, function);
}
static inline CURLcode jidoka_curl_set_progress(CURL *handle,
                                                int (*function)(void *context, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)) {
    return (curl_easy_setopt)(handle, CURLOPT_XFERINFOFUNCTION, function);
}
static inline long jidoka_curl_number(CURL *handle, CURLINFO info) {
    long value = 0;
    (curl_easy_getinfo)(handle, info, &value);
    return value;
}
static inline CURLcode jidoka_curl_set_open_socket(CURL *handle, curl_opensocket_callback function) {
    return (curl_easy_setopt)(handle, CURLOPT_OPENSOCKETFUNCTION, function);
}
